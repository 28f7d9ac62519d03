// Soak: many agents start, stop, hang, are resumed and die at random while the program lists, exports,
// ends, revives and watches them, all at once. At the end the promises are checked, each against what the
// agents and the kernel say, never against what the program says:
//
//   - every signal went to a process that the plan named (witness.c, around each run);
//   - every backup verifies (--verify, and sha256sum);
//   - every byte that an agent wrote is in a transcript or in a backup;
//   - nobody but this run's own agents was ever listed;
//   - the watcher has no more descriptors and no more memory than when it had warmed up, and gives back
//     those of sessions that have ended.
//
//     node soak.mjs [SECONDS [AGENTS [CLIENTS]]]
//
// Ends with a table, and status 1 where a promise was broken.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../e2e/lib/wait.mjs';
import { World } from '../e2e/lib/world.mjs';
import { Agents } from './agents.mjs';
import { Auditor } from './auditor.mjs';
import { checkBackups, checkEveryByte } from './checks.mjs';
import { Clients } from './clients.mjs';
import { Watcher } from './watcher.mjs';

const [seconds = 600, agentCount = 200, clientCount = 3] = process.argv.slice(2).map(Number);
const IMPATIENT = ['--timeout', '0.05'];

const world = await World.create();
const pending = join(world.root, 'pending');
const places = ['--pending-dir', pending, '--log-dir', join(world.root, 'log')];
mkdirSync(pending, { mode: 0o700 });

const auditor = new Auditor(world);
const agents = new Agents(world, agentCount);
const clients = new Clients(world, auditor, clientCount, [...IMPATIENT, ...places]);
const watcher = new Watcher(world, auditor, [...IMPATIENT, ...places]);
const end = performance.now() + seconds * 1000;
const isOver = () => performance.now() >= end;
const pick = (list) => list[Math.floor(Math.random() * list.length)];

/** Runs `step` again and again until the time is up; what it throws is a broken promise. */
async function loop(name, step) {
  while (!isOver()) {
    try {
      await step();
    } catch (error) {
      auditor.broken(`${name}: ${error.message}`);
      await sleep(1000);
    }
  }
}

const RESULTS = [0, 1]; // of a look

let lastSeen = [];
async function look() {
  const { status, json } = await auditor.run('status', ['--status', '--json', ...IMPATIENT], { allowed: RESULTS });
  for (const { pid } of json.sessions)
    if (!await auditor.isOurs(pid)) auditor.broken(`--status listed pid ${pid}, which is not of this run (status ${status})`);
  lastSeen = json.sessions;
  await sleep(200);
}

/** Of what was seen last, one that is asked to end or to go on. A client of this run is left to its own loop. */
async function act(mode, words, wanted) {
  const session = pick(lastSeen.filter((s) => wanted(s) && agents.knows(s.pid)));
  if (!session) return sleep(300);
  // 3 and 4: it died, was replaced, or wrote while it was looked at; 2: it was not there any more.
  await auditor.run(mode, [`--${mode}`, String(session.pid), ...words, '--force', ...IMPATIENT, ...places],
    { allowed: [0, 1, 2, 3, 4], target: session.pid });
  return sleep(200);
}

const loops = [
  agents.live(isOver),
  clients.live(isOver),
  loop('status', look),
  loop('export', async () => {
    // 3: one of them vanished under the export.
    await auditor.run('export', ['--export', ...places, ...(Math.random() < 0.2 ? ['--all'] : [])], { allowed: [0, 1, 3] });
    await agents.forgetSome(pending); // as the client's retention does, once there is a backup
    await sleep(500);
  }),
  loop('kill', () => act('kill', ['--grace', '1'], (s) => s.verdict === 'hung' || Math.random() < 0.2)),
  loop('revive', () => act('revive', [], (s) => ['hung', 'stopped'].includes(s.verdict))),
];
watcher.start();
const progress = setInterval(() => process.stderr.write(`${auditor.summary()} agents ${agents.living} of ${agents.started}\n`), 30_000);
await Promise.all(loops);
clearInterval(progress);

await agents.stop();
await watcher.stop();
await checkBackups(world, auditor, pending, places);
await checkEveryByte(auditor, agents, pending);
auditor.note('agents', `${agents.started} started, ${agents.resumed} of them resumed a session; ${clients.started} real clients`);
auditor.note('watcher', watcher.figures());
auditor.note('disk', execFileSync('du', ['-sh', pending], { encoding: 'utf8' }).split('\t')[0]);
await world.destroy();
process.stdout.write(auditor.report());
process.exitCode = auditor.isClean ? 0 : 1;
