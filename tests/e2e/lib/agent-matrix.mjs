// What is said of each agent's real client in each state, looked at again and again, and what the modes that act do with it.
//
//     const { rows, acts } = await judgeAgent(qwen, { looks: 10, note });
//
// Counted are false alarms (a healthy one is called hung), misses (a hung one is called anything else), and wrong words
// otherwise. What the program does not do for an agent, by its own words, is told as not served and never as passed.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AgentWorld, KEY } from './agent-world.mjs';
import { argvOf, isAlive, processOf } from './procfs.mjs';
import { sleep, until } from './wait.mjs';

const PATIENCE_MIN = 0.05;
const SILENCE_MS = 9_000;
const BETWEEN_LOOKS_MS = 250;
const AT_ONCE = Number(process.env.SR_AT_ONCE ?? 4);
const NAP = '0.15';
const LOOP = `while sleep ${NAP}; do :; done`;

const toolRuns = (world) => until('the tool at work', () => world.processes().some(({ pid }) => argvOf(pid).join(' ') === `sleep ${NAP}`),
  { withinMs: 60_000 });
const isHeld = (world, number) => until('the reply to be held', () => world.api.held >= number);

const TOO_SLOW_MS = 1500;

/** Between two pieces of those that were sent after a moment, or since the last one. */
function longestPauseMs(sentAt, after) {
  const times = [...sentAt.filter((at) => at > after), performance.now()];
  return Math.max(...times.map((at, n) => at - (times[n - 1] ?? after)));
}

/** name: { verdict, causes, launcher, reach(world, client), holds(client) }; holds: true, or why it is so no more. */
export const STATES = {
  idle: { verdict: 'idle', async reach() {} },
  generating: {
    verdict: 'working',
    async reach(world, client) {
      const request = await client.say('a story [[slow 2000 300]]');
      await until('some letters', () => request.sent > 6);
      client.story = request;
    },
  },
  tool: {
    verdict: 'working',
    async reach(world, client) {
      await client.say(`run it [[run ${LOOP}]]`);
      if (world.agent.asksAlways) await client.approve();
      await toolRuns(world);
    },
  },
  // Only looks behind which another try came are counted.
  retry: {
    verdict: 'working', isMoving: true,
    async reach(world, client) {
      const { requests } = world.api;
      await client.say('and again [[overloaded]]');
      const before = requests.length;
      await until('another try', () => requests.slice(before).some(({ prompt }) => prompt.includes('[[overloaded]]')), { withinMs: 60_000 });
    },
  },
  approval: {
    verdict: 'waiting', asks: true,
    async reach(world, client) {
      await client.say(`run it if I may [[ask ${LOOP}]]`);
      await client.isAsked();
    },
  },
  stalled: {
    verdict: 'hung', causes: ['reply-stalled'],
    async reach(world, client) {
      await client.say('now [[stall]]');
      await isHeld(world, 1);
    },
  },
  unanswered: {
    verdict: 'hung', causes: ['no-reply'],
    async reach(world, client) {
      await client.say('now [[silent]]');
      await isHeld(world, 1);
    },
  },
  stopped: {
    verdict: 'stopped',
    async reach(world, client) {
      const { owner } = client.pids();
      process.kill(owner, 'SIGSTOP');
      await until('it is stopped', () => processOf(owner)?.state === 'T');
    },
  },
  orphaned: {
    verdict: 'orphaned', launcher: ['sh', '-c', 'setsid "$@"; true', 'sh'],
    async reach(world, client) {
      const { ui, owner } = client.pids();
      client.keeps = { ui, owner };
      await client.close();
      await until('its terminal is gone, or it', () => !isAlive(ui) || readlinkSync(`/proc/${ui}/fd/0`).endsWith(' (deleted)'));
      await sleep(2000);
    },
    holds: ({ keeps: { ui } }) => isAlive(ui) || 'it ends with its terminal',
  },
};

/** A look at one client, as a word. */
function judge(state, row) {
  const { verdict, causes } = STATES[state];
  const told = row ? `${row.verdict}${row.cause ? `/${row.cause}` : ''}` : 'not listed';
  if (row?.verdict === verdict && (!causes || causes.includes(row.cause))) return { word: 'right', told };
  if (verdict === 'hung' && row?.verdict !== 'hung') return { word: row?.verdict === 'unknown' ? 'untold' : 'miss', told, row };
  if (verdict !== 'hung' && row?.verdict === 'hung') return { word: 'alarm', told, row };
  return { word: row?.verdict === 'unknown' ? 'untold' : 'wrong', told, row };
}

/** One client in one state: { state, looks: [{ word, told }], mapped }, or { state, not: why }. A world of its own: its model is asked by no other. */
async function runState(agent, state, looks) {
  const { asks, launcher, isMoving, reach } = STATES[state];
  const world = await AgentWorld.create(agent);
  try {
    const client = await world.start(world.folder(`in-${state}`), { args: asks ? agent.asking : [], launcher });
    await client.turn('hello there');
    await until('its session', () => client.sessionId(), { withinMs: 30_000 });
    const id = await client.sessionId();
    const pids = client.pids();
    await reach(world, client);
    if (!isMoving) await sleep(SILENCE_MS);
    const seen = [];
    for (let look = 0; seen.length < looks && look < 3 * looks; look++) {
      const beganAt = performance.now();
      const { sessions } = await world.look('--timeout', PATIENCE_MIN);
      const row = sessions.find((session) => session.session_id === id)
        ?? sessions.find((session) => [pids.owner, pids.ui].includes(session.pid) || session.ui_pids?.includes(pids.ui));
      // On a busy machine the model itself falls silent now and then: what is then said of its client counts for nothing.
      if (client.story && longestPauseMs(client.story.sentAt, beganAt - PATIENCE_MIN * 60_000) > TOO_SLOW_MS) continue;
      seen.push({ ...judge(state, row), mapped: row && `${row.session_id ? row.mapping?.by : 'none'}/${row.mapping?.confidence}`, at: world.api.requests.length });
      await sleep(BETWEEN_LOOKS_MS);
    }
    const still = STATES[state].holds?.(client) ?? true;
    if (still !== true) return { state, not: still };
    if (isMoving) {
      const last = world.api.requests.length;
      await until('one more try', () => world.api.requests.length > last, { withinMs: 40_000 }).catch(() => {});
      const counted = seen.filter(({ at }) => at < world.api.requests.length);
      return counted.length ? { state, looks: counted } : { state, not: 'it has given up before it was looked at' };
    }
    return seen.length ? { state, looks: seen } : { state, not: 'the machine was too busy to look' };
  } finally {
    await world.close();
  }
}

/** On a machine under load a client now and then does not come that far in time: then once more. */
const runStateAtLast = (agent, state, looks) => runState(agent, state, looks)
  .catch(() => runState(agent, state, looks))
  .catch((error) => ({ state, failed: error.message.split('\n').slice(0, 40).join('\n') }));

// ---- what acts -------------------------------------------------------------------------------------------------

/** The program says, in its own words, that it does not do this for an agent. */
export class NotServed extends Error {}

const FAILED = 3;
const REFUSED = 4;

/** Runs a mode; that it is refused, or nothing pushed, as it is not known how becomes NotServed. */
async function act(world, ...args) {
  const done = await world.act(...args);
  const why = done.stderr.split('\n').find((line) => (done.status === REFUSED && /not (yet )?known|no push is known|cannot be put back|not served/.test(line))
    || (done.status === FAILED && /it is not known what .* does/.test(line)));
  if (why) throw new NotServed(why.trim());
  return done;
}

const ok = (condition, what) => {
  if (!condition) throw new Error(what);
};

function everyFile(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? everyFile(path) : [path];
  });
}

/** The stem of the one backup of a session, checked by its sums. */
function backupOf(world, id) {
  const stems = readdirSync(world.pending).filter((name) => name.endsWith('.sha256') && name.includes(id)).map((name) => name.slice(0, -'.sha256'.length));
  ok(stems.length >= 1, `no backup of ${id} in ${readdirSync(world.pending)}`);
  const stem = stems.sort().at(-1);
  execFileSync('sha256sum', ['--quiet', '-c', `${stem}.sha256`], { cwd: world.pending });
  return stem;
}

const filesOf = (world, stem) => everyFile(world.pending).filter((path) => path.slice(world.pending.length + 1).startsWith(stem));
const holds = (paths, word) => paths.filter((path) => readFileSync(path).includes(word));

/** A client whose session holds MARK in a prompt and ANSWER-MARK in a reply. */
async function withHistory(world, name, mark, options) {
  const client = await world.start(world.folder(name), options);
  await client.turn(`remember ${mark} [[say ANSWER-${mark}]]`, `ANSWER-${mark}`);
  client.id = await until('its session', () => client.sessionId());
  // A reply is on the screen before it is on disk.
  const isOver = async () => (await world.look()).sessions.some(({ session_id: id, verdict }) => id === client.id && verdict === 'idle');
  await until('its turn is over', isOver, { withinMs: 15_000 }).catch(() => {});
  return client;
}

const historyAt = (world, from, mark) => {
  const request = world.api.requests.slice(from).find(({ prompt }) => prompt.includes('go on'));
  ok(request, 'the model was not asked to go on');
  const said = (role, text) => request.turns.some((turn) => turn.role === role && turn.text.includes(text));
  ok(said('user', `remember ${mark}`), `the prompt is not in what the model is sent: ${JSON.stringify(request.turns).slice(0, 2000)}`);
  ok(said('assistant', `ANSWER-${mark}`), `the reply is not in what the model is sent: ${JSON.stringify(request.turns).slice(0, 2000)}`);
};

/** What makes it hang so that it is called hung: only then is anything pushed. */
const hangs = (agent) => (agent.untold?.stalled ? 'now [[silent]]' : 'now [[stall]]');

const KILL_ENDS_MS = 60_000;

/** name: async (agent) => what was seen. */
export const ACTS = {
  /** Copied whole while it writes, with no key in it; put back into a home that has nothing; its own resume has the history. */
  async 'export, restore, resume'(agent, note) {
    const world = await AgentWorld.create(agent);
    let fresh;
    try {
      const client = await withHistory(world, 'kept', 'MARKKEPT');
      await client.say('a story [[slow 4000 50]]');
      for (let n = 0; n < 3; n++) {
        const { status, stderr } = await act(world, '--export', client.id);
        ok(status === 0 || (n > 0 && status === 1), `export: ${status}: ${stderr}`);
      }
      const stem = backupOf(world, client.id);
      const files = filesOf(world, stem);
      ok(holds(files, 'ANSWER-MARKKEPT').length > 0, 'the reply is not in the backup');
      const keys = [KEY, world.read(`sessions/${client.pids().owner}.json`)?.ipcToken].filter(Boolean);
      for (const key of keys) ok(holds(files, key).length === 0, `a key is in ${holds(files, key)}`);
      const verified = await act(world, '--verify', stem);
      ok(verified.status === 0, `verify: ${verified.status}: ${verified.stderr}${verified.stdout}`);
      note('export');

      fresh = await AgentWorld.create(agent);
      agent.trust?.(fresh, client.cwd);
      await agent.prepare?.(fresh);
      const restored = await fresh.rescue.run(['--restore', join(world.pending, stem), '--pending-dir', world.pending, '--log-dir', fresh.log], [fresh.store]);
      if (restored.status === REFUSED && /not (yet )?known|cannot be put back/.test(restored.stderr)) throw new NotServed(restored.stderr.trim().split('\n').at(-1));
      ok(restored.status === 0, `restore: ${restored.status}: ${restored.stderr}${restored.stdout}`);
      const { json } = await fresh.rescue.run(['--resume', '--json', '--all'], [fresh.store]);
      const stored = json.sessions.find(({ session_id: id }) => id === client.id);
      ok(stored?.resume_command?.includes(client.id), `no resume command: ${JSON.stringify(stored)}`);
      const went = await fresh.print(client.cwd, 'go on [[say RESUMED]]', client.id);
      ok(went.stdout.includes('RESUMED'), `resume: ${went.status}: ${went.stderr.slice(-1000)}`);
      historyAt(fresh, 0, 'MARKKEPT');
      return `${files.length} files`;
    } finally {
      await world.close();
      await fresh?.close();
    }
  },

  /** A stalled one is backed up and ended; its resume in the same home has the history. */
  async 'kill'(agent) {
    const world = await AgentWorld.create(agent);
    try {
      const client = await withHistory(world, 'ended', 'MARKENDED');
      await client.say('now [[stall]]');
      await isHeld(world, 1);
      await sleep(SILENCE_MS);
      const { ui, owner } = client.pids();
      const { status, stdout, stderr } = await act(world, '--kill', client.id, '--force', '--timeout', PATIENCE_MIN);
      ok(status === 0, `kill: ${status}: ${stderr}${stdout}`);
      await until('it has ended', () => !isAlive(owner), { withinMs: KILL_ENDS_MS });
      const stem = backupOf(world, client.id);
      ok(holds(filesOf(world, stem), 'ANSWER-MARKENDED').length > 0, 'the reply is not in the backup');
      await client.close();
      await until('what drew it has ended', () => !isAlive(ui));
      world.api.release();
      const before = world.api.requests.length;
      await world.print(client.cwd, 'go on [[say RESUMED]]', client.id);
      historyAt(world, before, 'MARKENDED');
      return 'ended, backed up, resumed';
    } finally {
      await world.close();
    }
  },

  /** A stalled one goes on, or says that no push is known. */
  async 'revive'(agent) {
    const world = await AgentWorld.create(agent);
    try {
      const client = await withHistory(world, 'pushed', 'MARKPUSHED');
      await client.say(hangs(agent));
      await isHeld(world, 1);
      await sleep(SILENCE_MS);
      const { owner } = client.pids();
      const { status, stdout, stderr } = await act(world, '--revive', client.id, '--force', '--timeout', PATIENCE_MIN);
      ok(isAlive(owner), `it has ended: ${stderr}`);
      ok(status === 0, `revive: ${status}: ${stderr}${stdout}`);
      const { verdict } = (await world.look('--timeout', '10')).sessions.find(({ session_id: id }) => id === client.id) ?? {};
      return `then ${verdict}`;
    } finally {
      await world.close();
    }
  },

  /** A stalled one gets its prompt back by Escape, or it is said that this is not known. */
  async 'escape'(agent) {
    const world = await AgentWorld.create(agent);
    try {
      const client = await withHistory(world, 'escaped', 'MARKESCAPED');
      const request = await client.say(hangs(agent));
      await isHeld(world, 1);
      await sleep(SILENCE_MS);
      const { owner } = client.pids();
      const { stderr, status, stdout } = await act(world, '--revive', client.id, '--escape', '--force', '--timeout', PATIENCE_MIN);
      ok(isAlive(owner), `it has ended: ${stderr}`);
      ok(status === 0, `revive: ${status}: ${stderr}${stdout}`);
      await until('its request is given up', () => request.ended);
      const { verdict } = (await world.look('--timeout', '10')).sessions.find(({ session_id: id }) => id === client.id) ?? {};
      return `then ${verdict}`;
    } finally {
      await world.close();
    }
  },

  /** Two side by side: no word of one in what is kept of the other. */
  async 'two side by side'(agent) {
    const world = await AgentWorld.create(agent);
    try {
      const [one, two] = [await withHistory(world, 'one', 'MARKALPHA'), await withHistory(world, 'two', 'MARKOMEGA')];
      ok(one.id !== two.id, 'they are one');
      const { sessions } = await world.look();
      for (const { id } of [one, two]) ok(sessions.filter((session) => session.session_id === id).length === 1, `${id} is not listed once: ${JSON.stringify(sessions.map(({ session_id, pid, cwd, mapping }) => ({ session_id, pid, cwd, mapping })))}`);
      for (const { id } of [one, two]) {
        const { status, stderr } = await act(world, '--export', id);
        ok(status === 0, `export: ${status}: ${stderr}`);
      }
      for (const [client, own, other] of [[one, 'MARKALPHA', 'MARKOMEGA'], [two, 'MARKOMEGA', 'MARKALPHA']]) {
        const files = filesOf(world, backupOf(world, client.id));
        ok(holds(files, `ANSWER-${own}`).length > 0, `${own} is not in its own backup`);
        ok(holds(files, other).length === 0, `${other} is in ${holds(files, other)}`);
      }
      return 'disjoint';
    } finally {
      await world.close();
    }
  },

  /** What was said, as Markdown, and found by a search. */
  async 'context, search, check'(agent) {
    const world = await AgentWorld.create(agent);
    try {
      const client = await withHistory(world, 'read', 'MARKREAD');
      const said = [];
      for (const [mode, ...args] of [['--context', client.id], ['--search', 'MARKREAD', '--index-dir', join(world.root, 'index')], ['--check', client.id]]) {
        const { status, stdout, stderr } = await world.rescue.run([mode, ...args], [world.store]);
        const refusal = `${stderr}${stdout}`.split('\n').find((line) => /is not known/.test(line));
        if (status !== 0 && refusal) said.push(`${mode} not served (${refusal.trim()})`);
        else if (mode !== '--check' && !stdout.includes('MARKREAD')) throw new Error(`${mode}: ${status}: ${stdout}${stderr}`);
        else if (status !== 0) throw new Error(`${mode}: ${status}: ${stdout}${stderr}`);
        else said.push(`${mode} ok`);
      }
      const none = said.filter((line) => line.includes('not served'));
      if (none.length === said.length) throw new NotServed(none.join('; '));
      return said.join('; ');
    } finally {
      await world.close();
    }
  },
};

async function runAct(agent, name) {
  const stages = [];
  const once = async () => {
    try {
      return { act: name, word: 'ok', told: await ACTS[name](agent, (stage) => stages.push(stage)) };
    } catch (error) {
      if (error instanceof NotServed) return { act: name, word: 'not served', told: error.message + (stages.length ? ` (done: ${stages.join(', ')})` : '') };
      throw error;
    }
  };
  return once().catch(once).catch((error) => ({ act: name, word: 'failed', told: error.message }));
}

/** Whether the program knows the agent at all. */
export async function isKnown(agent) {
  const world = await AgentWorld.create(agent);
  try {
    const { status, stderr } = await world.rescue.run(['--status', '--agent', agent.name], [world.folder('home')]);
    return !(status === 2 && /is not known/.test(stderr));
  } finally {
    await world.close();
  }
}

/** All of an agent: { agent, known, rows, acts }. note(line): as it goes. */
export async function judgeAgent(agent, { looks = 10, states = Object.keys(STATES), acts = Object.keys(ACTS), note = () => {} } = {}) {
  if (!(await isKnown(agent))) return { agent, known: false, rows: [], acts: [] };
  const jobs = [
    ...states.map((state) => async () => ({ row: await runStateAtLast(agent, state, looks) })),
    ...acts.map((name) => async () => ({ act: await runAct(agent, name) })),
  ];
  const rows = [];
  const done = [];
  const work = async () => {
    for (let job; (job = jobs.shift()); ) {
      const { row, act: one } = await job();
      if (row) rows.push(row);
      else done.push(one);
      note(row ? lineOfState(agent, row) : lineOfAct(agent, one));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const inOrder = (list, key, order) => order.map((name) => list.find((item) => item[key] === name));
  return { agent, known: true, rows: inOrder(rows, 'state', states), acts: inOrder(done, 'act', acts) };
}

/** Expected: right, or not told where the agent leaves no trace of it (agents/<name>.mjs says so). */
export const isFine = (agent, state, { word, told }) => word === 'right' || (word === 'untold' && told.startsWith(agent.untold?.[state] ?? '-'));

export const countOf = (rows, word) => rows.reduce((sum, { looks = [] }) => sum + looks.filter((look) => look.word === word).length, 0);

const kinds = (looks) => [...new Set(looks.map(({ told }) => told))].map((told) => `${told} x${looks.filter((look) => look.told === told).length}`).join(', ');

export function lineOfState(agent, { state, looks, not, failed }) {
  const head = `${agent.name.padEnd(9)} ${state.padEnd(12)}`;
  if (not) return `${head}  does not arise: ${not}`;
  if (failed) return `${head}  FAILED: ${failed}`;
  const right = looks.filter(({ word }) => word === 'right').length;
  const mapped = [...new Set(looks.map((look) => look.mapped ?? 'none'))].join(' ');
  const bad = looks.find((look) => !isFine(agent, state, look));
  return `${head} ${String(right).padStart(2)}/${looks.length} right  ${kinds(looks)}; mapped ${mapped}` +
    (bad ? `\n    ${bad.word.toUpperCase()}${process.env.EVIDENCE ? ` ${JSON.stringify(bad.row?.evidence)}` : ''}` : '');
}

export const lineOfAct = (agent, { act: name, word, told }) => `${agent.name.padEnd(9)} ${name}: ${word}: ${told}`;
