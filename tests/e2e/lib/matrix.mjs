// The matrix of verdicts: real clients of every version, in every setup, brought into every state and looked
// at again and again. Counted are false alarms (a healthy one is called hung), misses (a hung one is not),
// other wrong words, and flaps (two looks in a row that differ).
//
//     const rows = await runMatrix(cells, { looks: 10, note });

import { readFileSync, readlinkSync } from 'node:fs';
import { SETUPS, optionsOf } from './setups.mjs';
import { bash, question, reply, write } from './replies.mjs';
import { argvOf, descendantsOf } from './procfs.mjs';
import { sleep, until } from './wait.mjs';
import { World } from './world.mjs';

const PATIENCE_MIN = 0.05;
const AT_ONCE = Number(process.env.SR_AT_ONCE ?? 12); // clients in one world
const BETWEEN_LOOKS_MS = 250;
// What looks like a hook's process and like a status line's is told by its age, and a client ends the latter after 5 s.
const SILENCE_MS = 9_000;

// Status lines and hooks run `cat` and `sleep` too: the tool's own is told by what it reads, and by its words.
const below = (client, what, isIt) => until(`${what} below the client`,
  () => descendantsOf(client.pid).some(({ pid }) => isIt(pid)), { look: () => client.screen() });
const TOOL_NAPS = '0.15';
const BLOCKED = 'mkfifo input && exec 3<>input && cat <&3';

const isNapping = (pid) => argvOf(pid).join(' ').includes(`sleep ${TOOL_NAPS}`);

export function readsItsFifo(pid) {
  try {
    return argvOf(pid).join(' ') === 'cat' && readlinkSync(`/proc/${pid}/fd/0`).endsWith('/input');
  } catch {
    return false; // it has ended
  }
}

// Each prompt holds the pid: the API is one for all clients of a world.

/** name: { verdict, causes, needs, reach(world, client) }. */
export const STATES = {
  idle: { verdict: 'idle', async reach() {} },
  generating: {
    verdict: 'working', causes: ['generating'],
    async reach(world, client) {
      const request = await client.ask(`story ${client.pid}`, reply.slowly({ pieces: 600, everyMs: 400 }));
      await until('some letters', () => request.sent > 6);
    },
  },
  stalled: {
    verdict: 'hung', causes: ['reply-stalled'],
    async reach(world, client) { await world.api.waitHeld(await client.ask(`question ${client.pid}`, reply.stall())); },
  },
  unanswered: {
    verdict: 'hung', causes: ['no-reply'],
    async reach(world, client) { await world.api.waitHeld(await client.ask(`question ${client.pid}`, reply.silence())); },
  },
  toolRunning: {
    verdict: 'working', causes: ['tool-running'],
    async reach(world, client) {
      await client.ask(`run ${client.pid}`, reply.tools([bash(`while sleep ${TOOL_NAPS}; do echo working; done`, { timeout: 600_000 })]));
      await below(client, 'the tool at work', isNapping);
    },
  },
  toolBlocked: {
    verdict: 'hung', causes: ['tool-blocked-on-input'],
    async reach(world, client) {
      await client.ask(`read ${client.pid}`, reply.tools([bash(BLOCKED, { timeout: 600_000 })]));
      await below(client, 'the blocked tool', readsItsFifo);
    },
  },
  // The job is put into the background and the tool called within a second.
  toolAfterJob: {
    verdict: 'hung', causes: ['tool-blocked-on-input'],
    async reach(world, client) {
      await client.ask(`both ${client.pid}`, reply.tools([bash('while sleep 0.25; do :; done', { run_in_background: true })],
        { then: reply.tools([bash(BLOCKED, { timeout: 600_000 })]) }));
      await below(client, 'the blocked tool', readsItsFifo);
    },
  },
  // Letters of what it thinks come, and nothing that is shown.
  thinking: {
    verdict: 'working', causes: ['generating'],
    async reach(world, client) {
      const request = await client.ask(`think ${client.pid}`, reply.slowly({ pieces: 1, everyMs: 400, thinks: 600 }));
      await until('some thoughts', () => request.sent > 6);
    },
  },
  question: {
    verdict: 'waiting', causes: ['question', 'permission-prompt'],
    async reach(world, client) {
      await client.ask(`which ${client.pid}`, reply.tools([question('Which way?', ['left', 'right'])]));
      await until('the question', async () => /\b1\. left/.test(await client.screen()), { look: () => client.screen() });
    },
  },
  permission: {
    verdict: 'waiting', causes: ['permission-prompt'],
    async reach(world, client) {
      await client.ask(`write ${client.pid}`, reply.tools([write(`${client.cwd}/file`, 'text')]));
      await until('the question', async () => /\b1\. Yes/.test(await client.screen()), { look: () => client.screen() });
    },
  },
  mcpStuck: {
    // A server that computes on its own while it is asked looks at work: not to be told, and not asked here.
    verdict: 'hung', causes: ['mcp-stuck'], needs: ({ servers, asksNoisy }) => servers && !asksNoisy,
    async reach(world, client) {
      await client.ask(`call ${client.pid}`, reply.tools([{ name: 'mcp__server1__hang', input: {} }]));
      await until('the call on disk', async () =>
        readFileSync(await client.transcript(), 'utf8').includes('"name":"mcp__server1__hang"'), { look: () => client.screen() });
    },
  },
};

/** All cells that make sense: { version, setup, state }. */
export function cellsOf({ versions, setups = Object.keys(SETUPS), states = Object.keys(STATES) }) {
  return versions.flatMap((version) => setups.flatMap((setup) => states
    .filter((state) => !STATES[state].needs || STATES[state].needs(SETUPS[setup]))
    .map((state) => ({ version, setup, state }))));
}

async function bring(world, { version, setup, state }, number) {
  const what = SETUPS[setup];
  const client = await world.startClient({ cwd: world.project(`${number}-${setup}-${state}`), version, ...optionsOf(world, what) });
  // 2.1.330 sends the first prompt twice, once for a title.
  await client.turn(`hello ${client.pid}`);
  await what.prepare?.(client);
  await STATES[state].reach(world, client);
  return client;
}

/** On a machine under load a client now and then does not come that far in time: then once more, with another. */
const bringAtLast = (world, cell, number) => bring(world, cell, number).catch(() => bring(world, cell, `${number}-again`));

/** One look at one client, as a word: ok, or what is wrong with it. */
function judge({ state }, session) {
  const { verdict, causes } = STATES[state];
  const told = session ? `${session.verdict}/${session.cause}` : 'not listed';
  const isRight = session && session.verdict === verdict && (!causes || causes.includes(session.cause));
  const word = isRight ? 'right' : session?.verdict === 'hung' ? 'alarm' : verdict === 'hung' ? 'miss' : 'wrong';
  return { word: verdict === 'hung' && word === 'alarm' ? 'wrong' : word, told, evidence: session?.evidence };
}

/** Runs the cells, a world at a time. Returns one row for each: { ...cell, looks: [{ word, told }], flaps }. */
export async function runMatrix(cells, { looks = 10, note = () => {} } = {}) {
  const rows = [];
  for (let at = 0; at < cells.length; at += AT_ONCE) {
    const some = cells.slice(at, at + AT_ONCE);
    const world = await World.create();
    try {
      const clients = await Promise.all(some.map((cell, i) => bringAtLast(world, cell, i)));
      const end = performance.now() + SILENCE_MS;
      await until('silence to grow old', () => performance.now() >= end, { withinMs: SILENCE_MS * 10 });
      const seen = some.map(() => []);
      for (let look = 0; look < looks; look++) {
        const { json } = await world.rescue.run(['--status', '--json', '--timeout', PATIENCE_MIN], [world.configDir]);
        some.forEach((cell, i) => seen[i].push(judge(cell, json.sessions.find(({ pid }) => pid === clients[i].pid))));
        await sleep(BETWEEN_LOOKS_MS);
      }
      some.forEach((cell, i) => rows.push({ ...cell, looks: seen[i],
        flaps: seen[i].filter(({ told }, n) => n > 0 && told !== seen[i][n - 1].told).length }));
      note(rows.slice(-some.length));
    } finally {
      await world.destroy();
    }
  }
  return rows;
}

export const countOf = (rows, word) => rows.reduce((sum, { looks }) => sum + looks.filter((look) => look.word === word).length, 0);

/** "120 looks: 0 false alarms, 0 misses, 0 wrong, 0 flaps" */
export function summaryOf(rows) {
  const looks = rows.reduce((sum, row) => sum + row.looks.length, 0);
  const flaps = rows.reduce((sum, row) => sum + row.flaps, 0);
  return `${looks} looks at ${rows.length} clients: ${countOf(rows, 'alarm')} false alarms, ${countOf(rows, 'miss')} misses, ` +
    `${countOf(rows, 'wrong')} wrong otherwise, ${flaps} flaps`;
}

/** One line for a row: how many looks were right, and the others. */
export function lineOf({ version, setup, state, looks, flaps }) {
  const others = [...new Set(looks.filter(({ word }) => word !== 'right').map(({ told }) => told))];
  return `${version.padEnd(8)} ${setup.padEnd(10)} ${state.padEnd(12)} ` +
    `${String(looks.filter(({ word }) => word === 'right').length).padStart(2)}/${looks.length} right, ${flaps} flaps${others.length ? `: ${others.join(', ')}` : ''}`;
}
