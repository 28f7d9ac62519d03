// Writes tests/fixtures/trees: what the process tree below a real client looks like, in the setups that people
// have. Run by hand, when a client has changed; unit tests read what it wrote (workers_test.c).
//
//     node capture-trees.mjs [VERSION | TREE]...
//
// One file a client and setup, a block a state: "# work KIND BEGAN NOW ASKED" says what the session is at (milliseconds
// since the client's start; ASKED: of what the model was asked with last), then a line a process: pid, parent, group, session, start, name, what it is by the test's own
// knowledge, marks (variables that the client gave it), and its command line as far as it tells anything. No
// text and no path of the machine is kept.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STATES } from './lib/matrix.mjs';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { argvOf, descendantsOf, environmentOf, processOf } from './lib/procfs.mjs';
import { agent, bash, reply, withDirective } from './lib/replies.mjs';
import { SETUPS, optionsOf } from './lib/setups.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const OUT = fileURLToPath(new URL('../fixtures/trees/', import.meta.url));
const MARKS = ['CLAUDECODE', 'CLAUDE_CODE_SESSION_ID', 'CLAUDE_CODE_CHILD_SESSION', 'CLAUDE_CODE_EXECPATH', 'CLAUDE_PROJECT_DIR'];

const TREES = {
  bare: { setup: 'bare', states: ['toolBlocked', 'stalled'] },
  mcp: { setup: 'mcpBusy', states: ['toolBlocked', 'stalled'] },
  servers: { setup: 'servers12', states: ['toolBlocked', 'stalled'] },
  'status-line': { setup: 'statusLine', states: ['toolBlocked', 'stalled'] },
  hooks: { setup: 'hooks', states: ['toolBlocked', 'stalled'] },
  'job-then-tool': { setup: 'bare', states: ['toolAfterJob'] },
  background: { setup: 'background', states: ['toolBlocked', 'stalled'] },
  subagent: { setup: 'bare', states: ['subagentTool'] },
  everything: { setup: 'everything', states: ['toolBlocked', 'stalled', 'subagentTool'] },
};

async function subagentTool(world, client) {
  const errand = withDirective(`what ${client.pid} wants`, reply.tools([bash('mkfifo errand; exec 3<>errand; cat <&3', { timeout: 600_000 })]));
  await client.ask(`errand ${client.pid}`, reply.tools([agent(errand)]));
  await until('the tool of the subagent', () => descendantsOf(client.pid).some(({ comm }) => comm === 'cat'), { look: () => client.screen() });
}

/** What the test knows of a child, by the commands that it has chosen. */
function kindOf(argv) {
  const line = argv.join(' ');
  if (/mcp-server\.sh/.test(line)) return 'server';
  if (/do :; done/.test(line) && /snapshot-/.test(line)) return 'job';
  if (/snapshot-/.test(line)) return 'tool';
  if (/echo the status/.test(line)) return 'status-line';
  if (/^\/bin\/sh -c /.test(line)) return 'hook';
  return '?';
}

/** Of a command line, the words that recognition may read. */
function wordsOf(argv) {
  if (/snapshot-/.test(argv.join(' '))) return `${basename(argv[0])} -c source /shell-snapshots/snapshot-`;
  return argv.length ? basename(argv[0]) : '-';
}

function describe(client, work, kept) {
  const startOf = ({ startTicks }) => (startTicks - processOf(client.pid).startTicks) * 10;
  const root = processOf(client.pid);
  const own = environmentOf(client.pid);
  const all = [root, ...descendantsOf(client.pid)];
  const number = (pid) => { if (!kept.has(pid)) kept.set(pid, kept.size ? 100 + kept.size : 100); return kept.get(pid); };
  const lines = all.flatMap((p) => {
    const sid = sessionOf(p.pid);
    if (sid === null) return []; // it has ended meanwhile
    const environment = environmentOf(p.pid);
    const marks = MARKS.filter((name) => environment[name] !== undefined && environment[name] !== own[name]);
    const argv = argvOf(p.pid);
    const kind = p.pid === client.pid ? 'client' : p.ppid === client.pid ? kindOf(argv) : '-';
    const has = (pid) => all.some((other) => other.pid === pid);
    return [number(p.pid), has(p.ppid) ? number(p.ppid) : 1, has(p.group) ? number(p.group) : 2, has(sid) ? number(sid) : 3, startOf(p),
      p.comm.replace(/\s/g, '_'), kind, marks.join(',') || '-', wordsOf(argv)].join(' ');
  });
  return `# work ${work.kind} ${work.began} ${work.now} ${work.asked}\n${lines.join('\n')}\n`;
}

function sessionOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return null;
  }
}

const msSinceStart = (client, wall) => {
  const boot = Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000; // btime is in whole seconds
  return Math.round(wall - boot - processOf(client.pid).startTicks * 10);
};

/** When the call that is open, or the turn, was written down, and what the model was asked with last. */
async function written(client, isTool) {
  const records = readFileSync(await client.transcript(), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const has = ({ message }, wanted) => Array.isArray(message?.content) && message.content.some(({ type }) => type === wanted);
  const prompt = records.findLast((record) => record.type === 'user' && !has(record, 'tool_result'));
  const began = isTool ? records.findLast((record) => has(record, 'tool_use')) : prompt;
  return { began: Date.parse(began.timestamp), asked: Date.parse(records.findLast(({ type }) => type === 'user').timestamp) };
}

async function capture(world, version, name) {
  const { setup, states } = TREES[name];
  const blocks = await Promise.all(states.map(async (state, i) => {
    const client = await world.startClient({ cwd: world.project(`${name}-${i}`), version, ...optionsOf(world, SETUPS[setup]) });
    await client.turn(`hello ${client.pid}`);
    await SETUPS[setup].prepare?.(client);
    await (state === 'subagentTool' ? subagentTool : STATES[state].reach)(world, client);
    const end = performance.now() + 10_000; // what is young may be a status line
    await until('age', () => performance.now() >= end, { withinMs: 60_000 });
    const isTool = state !== 'stalled';
    const { began, asked } = await written(client, isTool);
    if (setup === 'statusLine' || setup === 'everything')
      await until('a status line', () => descendantsOf(client.pid).some(({ pid }) => kindOf(argvOf(pid)) === 'status-line'), { everyMs: 20 });
    return describe(client, { kind: isTool ? 'tool' : 'reply', began: msSinceStart(client, began), now: msSinceStart(client, Date.now()),
      asked: msSinceStart(client, asked) }, new Map());
  }));
  writeFileSync(join(OUT, `${version}-${name}`), blocks.join(''));
}

mkdirSync(OUT, { recursive: true });
const wanted = process.argv.slice(2);
const chosen = (all) => (all.some((one) => wanted.includes(one)) ? all.filter((one) => wanted.includes(one)) : all);
for (const version of chosen([MAIN, NEWEST, ON_NODE])) {
  const world = await World.create();
  try {
    for (const name of chosen(Object.keys(TREES))) await capture(world, version, name);
  } finally {
    await world.destroy();
  }
}
