// What is said: by the lines of a transcript, and by the messages that a client sends. Both become atoms, in order:
// { key, is }: key tells one text, call or result from all others of the file; `is` what it is.

/** A record that is whole but for control characters in its texts is one. */
function parsed(text) {
  const escaped = () => text.replace(/[\x01-\x1f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  try { return JSON.parse(text); } catch { try { return JSON.parse(escaped()); } catch { return null; } }
}

/** The whole record that begins at an offset of the bytes, or null. */
export function recordAt(bytes, offset) {
  let depth = 0;
  let inString = false;
  for (let i = offset; i < bytes.length; i++) {
    const c = bytes[i];
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b) depth++;
    else if (c === 0x7d && --depth === 0) {
      return parsed(bytes.subarray(offset, i + 1).toString());
    } else if (c === 0x0a) return null;
  }
  return null;
}

/** Every message of the file, as far as its bytes can be read: atoms of all. */
export function atomsOfFile(bytes) {
  const atoms = new Map();
  for (let i = bytes.indexOf('{"'); i >= 0; i = bytes.indexOf('{"', i + 1))
    if (i === 0 || bytes[i - 1] !== 0x3a) {
      const record = recordAt(bytes, i);
      if (record) for (const atom of atomsOf(record)) atoms.set(atom.key, atom);
    }
  return atoms;
}

/** What was typed while the agent worked, and what the user's own commands said. */
function saidBeside(record) {
  if (record.type === 'attachment' && record.attachment?.type === 'queued_command') return record.attachment.prompt;
  return record.type === 'system' && record.subtype === 'local_command' ? record.content : null;
}

export function atomsOf(record) {
  if (record.isApiErrorMessage) return [];
  const beside = saidBeside(record);
  if (typeof beside === 'string') return atomOf({ type: 'text', text: beside }).map((a) => ({ ...a, isBeside: true }));
  if (record.type !== 'user' && record.type !== 'assistant') return [];
  const content = record.message?.content;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : Array.isArray(content) ? content : [];
  return blocks.flatMap(atomOf);
}

function atomOf(block) {
  switch (block?.type) {
    case 'text': return block.text?.trim() ? [{ key: `text ${block.text.trim()}`, is: 'text', text: block.text.trim() }] : [];
    case 'tool_use': return [{ key: `call ${block.id}`, is: 'call', id: block.id }];
    case 'tool_result': return [{ key: `result ${block.tool_use_id}`, is: 'result', id: block.tool_use_id, text: wordsOf(block) }];
    default: return []; // thinking: by what the API said, and by the model
  }
}

const wordsOf = (block) => (typeof block.content === 'string' ? block.content : block.content?.map((b) => b?.text ?? '').join('\n') ?? '').trim();

/**
 * What the newest end of the main conversation says, in keys; nothing where the user chose another, or where several
 * ends are of one time, as near as the client takes two records for one moment.
 */
export function newestEnd(bytes) {
  const records = bytes.toString().split('\n').flatMap((line) => { try { return [JSON.parse(line)]; } catch { return []; } });
  const byId = new Map(records.filter((r) => r?.uuid && r.type !== 'progress').map((r) => [r.uuid, r]));
  const chain = [...byId.values()].filter((r) => !r.isSidechain);
  const isMessage = (r) => (r.type === 'user' || r.type === 'assistant') && Boolean(r.message) && r.isVirtual !== true;
  const last = records.filter((r) => r && !r.isSidechain && (r.uuid || (r.type === 'last-prompt' && 'leafUuid' in r))).at(-1);
  if (!last || (last.explicit && !('rewound' in last && last.lastPrompt === ''))) return [];
  const parents = new Set();
  for (const r of chain.filter(isMessage)) {
    const met = new Set();
    for (let up = byId.get(r.parentUuid); up && !met.has(up); up = byId.get(up.parentUuid)) {
      met.add(up);
      parents.add(up.uuid);
      if (isMessage(up)) break;
    }
  }
  const ends = chain.filter((r) => isMessage(r) && !parents.has(r.uuid)).map((r) => ({ r, at: Date.parse(r.timestamp) }))
    .filter((e) => !Number.isNaN(e.at)).sort((a, b) => b.at - a.at);
  if (!ends.length || (ends[1] && ends[0].at - ends[1].at <= 5000)) return [];
  return atomsOf(ends[0].r).filter((a) => a.is === 'text').map((a) => a.key);
}

/** What was sent, in atoms of the file; the client's own words are left out. */
export function atomsSent(messages, known) {
  const texts = [...known.values()].filter((a) => a.is === 'text').sort((a, b) => b.text.length - a.text.length);
  return messages.flatMap(({ content }) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content).flatMap((block) => {
    if (block.type === 'tool_use') return [`call ${block.id}`];
    if (block.type === 'tool_result') {
      const own = known.get(`result ${block.tool_use_id}`);
      return [own && (own.text === wordsOf(block) || !isInvented(block)) ? own.key : `invented ${block.tool_use_id}`];
    }
    if (block.type !== 'text') return [];
    return textsIn(block.text, block.text.startsWith('<system-reminder>') ? texts.filter((a) => a.isBeside) : texts);
  }));
}

const isInvented = (block) => block.is_error && !/^(red|blue|green|four|sour|no-l|ladder)/.test(wordsOf(block)) && /interrupted|internal error|missing/i.test(wordsOf(block));

function textsIn(text, texts) {
  const found = [];
  let rest = text;
  for (const atom of texts) {
    for (let at = rest.indexOf(atom.text); at >= 0; at = rest.indexOf(atom.text)) {
      found.push({ at, key: atom.key });
      rest = rest.slice(0, at) + '\0'.repeat(atom.text.length) + rest.slice(at + atom.text.length);
    }
  }
  return found.sort((a, b) => a.at - b.at).map((f) => f.key);
}

/** A record stands with an earlier one of its message, if nothing but the assistant's and results stands between. */
function joined(records) {
  const list = [];
  for (const record of records) {
    let at = record.type === 'assistant' ? list.length : 0;
    while (at > 0 && list[at - 1].message?.id !== record.message?.id && (list[at - 1].type === 'assistant' || isResult(list[at - 1]))) at--;
    if (at > 0 && list[at - 1].type === 'assistant' && record.message?.id && list[at - 1].message?.id === record.message.id) list.splice(at, 0, record);
    else list.push(record);
  }
  return list;
}

const isResult = (record) => record.type === 'user' && atomsOf(record).some((a) => a.is === 'result');

/**
 * What is sent of the records that a client loads: { must, may }. A call goes with its result and a result with its
 * call, where the result stands behind the call's message and in front of any other. What has no partner so may be
 * left out, told as text, or answered by the client.
 */
export function expected(loaded) {
  const records = joined(loaded);
  const calls = new Map(); // id → the message that it stands in, while nothing else was said
  const paired = new Set();
  let message = null;
  for (const record of records) {
    const atoms = atomsOf(record);
    const id = record.type === 'assistant' ? record.message?.id ?? record.uuid : null;
    if (id && id !== message) { calls.clear(); message = id; }
    for (const atom of atoms) {
      if (atom.is === 'call') calls.set(atom.id, id);
      if (atom.is === 'result' && calls.has(atom.id)) paired.add(atom.id);
      if (atom.is === 'text' && record.type === 'user' && !record.isMeta) calls.clear();
    }
  }
  const must = [];
  const may = new Set();
  const seen = new Set();
  for (const { key, is, id } of records.flatMap(atomsOf)) {
    if (is === 'text' || (paired.has(id) && !seen.has(key))) must.push(key);
    else may.add(key);
    seen.add(key);
  }
  return { must, may };
}

/** Returns null where they agree, or words. */
export function difference({ must, may }, sent, isOrdered = true) {
  const count = (list) => list.reduce((m, k) => m.set(k, (m.get(k) ?? 0) + 1), new Map());
  const [a, b] = [count(must), count(sent.filter((k) => !k.startsWith('invented')))];
  const lost = [...a].filter(([k]) => !b.has(k)).map(([k]) => k);
  const extra = [...b].filter(([k]) => !a.has(k) && !may.has(k)).map(([k]) => k);
  if (lost.length || extra.length) return `promised and not sent: [${lost.join(' | ')}] sent and not promised: [${extra.join(' | ')}]`;
  if (!isOrdered) return null;
  const inOrder = (list) => list.filter((k) => k.startsWith('text'));
  const [x, y] = [inOrder(must), inOrder(sent)];
  const i = x.findIndex((k, at) => k !== y[at]);
  return i < 0 ? null : `another order from "${x[i]}" on: it is "${y[i]}" that is sent`;
}
