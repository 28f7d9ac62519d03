// Variations of real transcripts: what writers, crashes, sync tools and users do to them, drawn by a seed.
//
//     const { name, text } = variation(seed, number, sessions);
//
// The same seed and number give the same bytes. A session is a list of lines; a change takes it and a source of
// numbers, and says in a few words what it did.

export function randomOf(...words) {
  let h = 2166136261;
  for (const c of words.join(':')) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
  const next = () => { // mulberry32
    h = (h + 0x6d2b79f5) | 0;
    let t = Math.imul(h ^ (h >>> 15), 1 | h);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  for (let i = 0; i < 4; i++) next();
  return {
    next,
    below: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (p) => next() < p,
  };
}

const CHAIN = new Set(['user', 'assistant', 'attachment', 'system']);

class Case {
  serial = 0;

  constructor(text, random) {
    this.lines = text.replace(/\n$/, '').split('\n');
    this.random = random;
    this.end = '\n';
  }

  record(i) {
    try { return JSON.parse(this.lines[i]) ?? {}; } catch { return {}; }
  }

  where(test) {
    return this.lines.flatMap((_, i) => (test(this.record(i), i) ? [i] : []));
  }

  /** Index of a random record that passes, or -1. */
  some(test) {
    const found = this.where(test);
    return found.length ? this.random.pick(found) : -1;
  }

  change(i, how) {
    const record = this.record(i);
    how(record);
    this.lines[i] = JSON.stringify(record);
  }

  uuid() {
    return `0000feed-0000-4000-8000-${String(++this.serial).padStart(12, '0')}`;
  }

  get text() {
    return this.lines.join('\n') + (this.lines.length ? this.end : '');
  }
}

const isChain = (r) => CHAIN.has(r.type) && typeof r.uuid === 'string';
const isMessage = (r) => (r.type === 'user' || r.type === 'assistant') && typeof r.uuid === 'string' && Boolean(r.message);
const blocksOf = (r) => (Array.isArray(r.message?.content) ? r.message.content : []);
const isResult = (r) => r.type === 'user' && blocksOf(r).some((b) => b?.type === 'tool_result');
const isPrompt = (r) => r.type === 'user' && isMessage(r) && !isResult(r);
const isPointer = (r) => r.type === 'last-prompt';
const isCall = (r) => r.type === 'assistant' && blocksOf(r).some((b) => b?.type === 'tool_use');
const later = (timestamp, ms) => { const at = Date.parse(timestamp); return Number.isNaN(at) ? timestamp : new Date(at + ms).toISOString(); };

/** A turn that hangs on a record: a prompt and, as a rule, its answer. */
function turnOn(c, parent, { gapMs, answer = true, sidechain = false }) {
  const n = `${c.random.below(1e6)}`;
  const like = c.record(c.some(isMessage));
  const common = { isSidechain: sidechain, userType: 'external', cwd: like.cwd, sessionId: like.sessionId, version: like.version, gitBranch: like.gitBranch };
  const prompt = { parentUuid: parent?.uuid ?? null, ...common, type: 'user', message: { role: 'user', content: `Asked beside ${n}.` }, uuid: c.uuid(), timestamp: later(parent?.timestamp ?? like.timestamp, gapMs) };
  const said = { parentUuid: prompt.uuid, ...common, type: 'assistant', message: { id: `msg_${n}`, type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: `Said beside ${n}.` }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } }, uuid: c.uuid(), timestamp: later(prompt.timestamp, 700) };
  return (answer ? [prompt, said] : [prompt]).map((r) => JSON.stringify(r));
}

const pointer = (c, uuid, more = {}) => JSON.stringify({ type: 'last-prompt', lastPrompt: 'pointed', leafUuid: uuid, ...more, sessionId: c.record(c.some(isMessage)).sessionId });

const CHANGES = {
  'older record moved to the end'(c) {
    const i = c.some(isChain);
    c.lines.push(...c.lines.splice(i, 1));
  },
  'record moved'(c) {
    const [line] = c.lines.splice(c.some(isChain), 1);
    c.lines.splice(c.random.below(c.lines.length + 1), 0, line);
  },
  'record written again at the end'(c) {
    c.lines.push(c.lines[c.some(isChain)]);
  },
  'record doubled'(c) {
    const i = c.some(() => true);
    c.lines.splice(i, 0, c.lines[i]);
  },
  'record gone'(c) {
    c.lines.splice(c.some(isChain), 1);
  },
  'message gone'(c) {
    c.lines.splice(c.some(isMessage), 1);
  },
  'some records gone'(c) {
    const i = c.random.below(c.lines.length);
    c.lines.splice(i, 1 + c.random.below(6));
  },
  'end gone'(c) {
    c.lines.splice(Math.max(2, c.lines.length - 1 - c.random.below(c.lines.length)));
  },
  'last line cut'(c) {
    const i = c.lines.length - 1;
    c.lines[i] = c.lines[i].slice(0, 1 + c.random.below(Math.max(1, c.lines[i].length - 1)));
    if (c.random.chance(0.7)) c.end = '';
  },
  'line cut'(c) {
    const i = c.some(isChain);
    c.lines[i] = c.lines[i].slice(0, 1 + c.random.below(c.lines[i].length - 1));
  },
  'line cut and the next glued to it'(c) {
    const i = c.some((r, at) => isChain(r) && at + 1 < c.lines.length);
    if (i < 0) return;
    c.lines.splice(i, 2, c.lines[i].slice(0, 1 + c.random.below(c.lines[i].length - 1)) + c.lines[i + 1]);
  },
  'two lines glued'(c) {
    const i = c.random.below(c.lines.length - 1);
    c.lines.splice(i, 2, c.lines[i] + c.lines[i + 1]);
  },
  'NULs before a line'(c) {
    const i = c.some(isChain);
    c.lines[i] = '\0'.repeat(1 + c.random.below(40)) + c.lines[i];
  },
  'whole file twice'(c) {
    c.lines.push(...c.lines);
  },
  'its own first part behind it'(c) {
    c.lines.push(...c.lines.slice(0, 1 + c.random.below(c.lines.length)));
  },
  'its own last part before it'(c) {
    c.lines.unshift(...c.lines.slice(c.random.below(c.lines.length)));
  },
  'parts in another order'(c) {
    c.lines.push(...c.lines.splice(0, c.random.below(c.lines.length)));
  },
  'lines shuffled'(c) {
    for (let i = c.lines.length - 1; i > 0; i--) {
      const j = c.random.below(i + 1);
      [c.lines[i], c.lines[j]] = [c.lines[j], c.lines[i]];
    }
  },
  'a few lines turned round'(c) {
    const i = c.random.below(c.lines.length);
    const some = c.lines.splice(i, 2 + c.random.below(8));
    c.lines.splice(i, 0, ...some.reverse());
  },
  'no pointers'(c) {
    c.lines = c.lines.filter((_, i) => !isPointer(c.record(i)));
  },
  'branch at the end'(c) {
    c.lines.push(...turnOn(c, c.record(c.some(isMessage)), { gapMs: c.random.pick([10, 900, 60_000, -2000]), answer: c.random.chance(0.7) }));
  },
  'branch in the middle'(c) {
    const i = c.some(isMessage);
    c.lines.splice(i + 1, 0, ...turnOn(c, c.record(i), { gapMs: c.random.pick([10, 900, 60_000]), answer: c.random.chance(0.7) }));
  },
  'rewound and gone on'(c) {
    const to = c.record(c.some((r) => r.type === 'assistant' && isMessage(r)));
    c.lines.push(pointer(c, to.uuid, { explicit: true, rewound: true }), ...turnOn(c, to, { gapMs: 3600_000 }));
  },
  'rewound'(c) {
    c.lines.push(pointer(c, c.record(c.some(isChain)).uuid, { explicit: true, rewound: c.random.chance(0.7) }));
  },
  'rewound to nothing'(c) {
    c.lines.push(pointer(c, null, { explicit: true }));
    if (c.random.chance(0.5)) c.lines.push(...turnOn(c, null, { gapMs: 3600_000 }));
  },
  'pointer at the end'(c) {
    c.lines.push(pointer(c, c.record(c.some(isChain)).uuid));
  },
  'pointer somewhere'(c) {
    c.lines.splice(c.random.below(c.lines.length), 0, pointer(c, c.record(c.some(isChain)).uuid, c.random.chance(0.3) ? { explicit: true } : {}));
  },
  'pointer to nobody'(c) {
    c.lines.splice(c.random.below(c.lines.length + 1), 0, pointer(c, '0000dead-0000-4000-8000-00000000dead', c.random.chance(0.3) ? { explicit: true } : {}));
  },
  'compaction'(c) {
    const i = c.some(isPrompt);
    if (i < 0) return;
    const prompt = c.record(i);
    const before = c.where((r, at) => isChain(r) && at < i).map((at) => c.record(at));
    const [boundary, summary] = [c.uuid(), c.uuid()];
    const { cwd, sessionId, version, timestamp } = prompt;
    const common = { isSidechain: false, cwd, sessionId, version };
    const kept = before.filter(isMessage).slice(-1 - c.random.below(3));
    const meta = { trigger: 'manual', preTokens: 1000 };
    const how = c.random.below(4);
    if (kept.length && how === 1) meta.preservedSegment = { headUuid: kept[0].uuid, anchorUuid: summary, tailUuid: kept.at(-1).uuid };
    if (kept.length && how === 2) meta.preservedMessages = { anchorUuid: summary, uuids: kept.map((r) => r.uuid), allUuids: kept.map((r) => r.uuid) };
    c.change(i, (r) => { r.parentUuid = summary; });
    c.lines.splice(i, 0,
      JSON.stringify({ parentUuid: null, logicalParentUuid: before.at(-1)?.uuid ?? null, ...common, type: 'system', subtype: 'compact_boundary', content: 'Conversation compacted', isMeta: false, timestamp: later(timestamp, -2000), uuid: boundary, level: 'info', compactMetadata: meta }),
      JSON.stringify({ parentUuid: boundary, ...common, type: 'user', message: { role: 'user', content: `This session is being continued: summary ${c.random.below(1e6)}.` }, isVisibleInTranscriptOnly: true, isCompactSummary: true, uuid: summary, timestamp: later(timestamp, -1990) }));
  },
  'a subagent\'s records in it'(c) {
    const i = c.some(isMessage);
    c.lines.splice(i + 1, 0, ...turnOn(c, c.random.chance(0.5) ? null : c.record(i), { gapMs: 20, sidechain: true }));
  },
  'a subagent\'s records at the end'(c) {
    c.lines.push(...turnOn(c, null, { gapMs: 20, sidechain: true }));
  },
  'record said to be a subagent\'s'(c) {
    c.change(c.some(isMessage), (r) => { r.isSidechain = true; });
  },
  'parent that was never written'(c) {
    c.change(c.some(isChain), (r) => { r.parentUuid = '0000dead-0000-4000-8000-00000000dead'; });
  },
  'parent gone before a prompt'(c) {
    const i = c.some(isPrompt);
    if (i >= 0) c.change(i, (r) => { r.parentUuid = '0000dead-0000-4000-8000-00000000dead'; });
  },
  'no parent in the middle'(c) {
    c.change(c.some(isChain), (r) => { r.parentUuid = null; });
  },
  'its own parent'(c) {
    c.change(c.some(isChain), (r) => { r.parentUuid = r.uuid; });
  },
  'another parent'(c) {
    const to = c.record(c.some(isChain)).uuid;
    c.change(c.some(isChain), (r) => { r.parentUuid = to; });
  },
  'two records of one id'(c) {
    const to = c.record(c.some(isMessage)).uuid;
    c.change(c.some(isMessage), (r) => { r.uuid = to; });
  },
  'result gone'(c) {
    const i = c.some(isResult);
    if (i >= 0) c.lines.splice(i, 1);
  },
  'result gone, chain closed'(c) {
    const i = c.some(isResult);
    if (i < 0) return;
    const { uuid, parentUuid } = c.record(i);
    c.lines.splice(i, 1);
    for (const j of c.where((r) => r.parentUuid === uuid)) c.change(j, (r) => { r.parentUuid = parentUuid; });
  },
  'call gone'(c) {
    const i = c.some(isCall);
    if (i >= 0) c.lines.splice(i, 1);
  },
  'call gone, chain closed'(c) {
    const i = c.some(isCall);
    if (i < 0) return;
    const { uuid, parentUuid } = c.record(i);
    c.lines.splice(i, 1);
    for (const j of c.where((r) => r.parentUuid === uuid)) c.change(j, (r) => { r.parentUuid = parentUuid; });
  },
  'no time'(c) {
    c.change(c.some(isChain), (r) => { if (c.random.chance(0.5)) delete r.timestamp; else r.timestamp = 'yesterday'; });
  },
  'another time'(c) {
    c.change(c.some(isChain), (r) => { r.timestamp = later(r.timestamp, c.random.pick([-4_000, 4_000, -90_000, 3600_000])); });
  },
  'one time for all'(c) {
    const { timestamp } = c.record(c.some(isMessage));
    for (const i of c.where(isChain)) c.change(i, (r) => { r.timestamp = timestamp; });
  },
  'all within five seconds'(c) {
    const start = Date.parse('2026-02-05T10:11:12Z');
    for (const i of c.where(isChain)) c.change(i, (r) => { r.timestamp = new Date(start + i * 40).toISOString(); });
  },
  'progress in the chain'(c) {
    const i = c.some((r) => isChain(r) && r.parentUuid);
    if (i < 0) return;
    const r = c.record(i);
    const uuid = c.uuid();
    c.change(i, (record) => { record.parentUuid = uuid; });
    c.lines.splice(c.random.chance(0.6) ? i : i + 1, 0, JSON.stringify({ parentUuid: r.parentUuid, isSidechain: false, type: 'progress', data: { type: 'bash_progress' }, toolUseID: 'x', uuid, timestamp: r.timestamp, sessionId: r.sessionId, version: r.version }));
  },
  'white space alone in a record'(c) {
    const i = c.some((r) => r.type === 'assistant' && isMessage(r));
    const parent = c.record(i);
    const uuid = c.uuid();
    for (const j of c.where((r) => r.parentUuid === parent.uuid)) c.change(j, (r) => { r.parentUuid = uuid; });
    c.lines.splice(i + 1, 0, JSON.stringify({ ...parent, parentUuid: parent.uuid, uuid, message: { ...parent.message, content: [{ type: 'text', text: '\n\n' }] } }));
  },
  'unknown records'(c) {
    c.lines.splice(c.random.below(c.lines.length), 0, '{"type":"moon-phase","phase":0.25}', '{"type":"summary","summary":"Fruit","leafUuid":"0000dead-0000-4000-8000-00000000dead"}');
  },
};

/** What other programs and editors make of records: drawn as those above; with --changes odd by turns. */
const ODD = {
  'pointer at a subagent'(c) {
    const side = turnOn(c, null, { gapMs: 1000, sidechain: true });
    c.lines.push(...side, pointer(c, JSON.parse(side[1]).uuid));
  },
  'unknown type in the chain'(c) {
    const i = c.some((r) => isChain(r) && r.parentUuid);
    if (i < 0) return;
    const { parentUuid, sessionId, timestamp } = c.record(i);
    const uuid = c.uuid();
    c.change(i, (r) => { r.parentUuid = uuid; });
    c.lines.splice(i, 0, JSON.stringify({ parentUuid, isSidechain: false, type: 'moon-phase', uuid, timestamp, sessionId }));
  },
  'a mark inside'(c) {
    const i = c.some((r, at) => at > 0 && isChain(r));
    if (i >= 0) c.lines[i] = `\ufeff${c.lines[i]}`;
  },
  'times with an offset'(c) {
    for (const i of c.where(isChain)) c.change(i, (r) => { r.timestamp = r.timestamp?.replace(/Z$/, '+00:00'); });
  },
  'a raw control character'(c) {
    const i = c.some((r) => isMessage(r) && /[a-z] [a-z]/.test(JSON.stringify(r.message.content)));
    if (i >= 0) c.lines[i] = c.lines[i].replace(/([a-z]) ([a-z])/, `$1${c.random.pick(['\t', '\x1b'])}$2`);
  },
  'a line of null'(c) {
    c.lines.splice(c.random.below(c.lines.length + 1), 0, 'null');
  },
  'virtual records'(c) {
    for (const i of c.where(isMessage)) if (c.random.chance(0.2)) c.change(i, (r) => { r.isVirtual = c.random.pick([true, true, 1, false]); });
  },
  'null among blocks'(c) {
    const i = c.some((r) => isMessage(r) && blocksOf(r).length);
    if (i >= 0) c.change(i, (r) => { r.message.content.splice(c.random.below(2), 0, null); });
  },
};

const ALL = { ...CHANGES, ...ODD };
const NAMES = Object.keys(ALL);

/** sessions: texts by name. Changes: one to three, the first by turns, so that each has its share. */
export function variation(seed, number, sessions, isOdd = false) {
  const random = randomOf(seed, number);
  const session = random.pick(Object.keys(sessions));
  const c = new Case(sessions[session], random);
  const odd = Object.keys(ODD);
  const names = [isOdd ? odd[number % odd.length] : NAMES[number % NAMES.length], ...Array.from({ length: random.below(3) }, () => random.pick(NAMES))];
  const done = [];
  for (const name of names) {
    if (c.where(isMessage).length < 3) break;
    ALL[name](c);
    done.push(name);
  }
  return { name: `${session}: ${done.join(', ')}`, text: c.text };
}
