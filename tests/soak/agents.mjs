// The stand-ins: tests/fake-agent, a few hundred of them, each with a life that is drawn by chance.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../e2e/lib/procfs.mjs';
import { sleep } from '../e2e/lib/wait.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILD = resolve(process.env.TEST_PROGRAMS ?? join(HERE, '../../build/tests'));

// What an agent does, and how often one is drawn.
const KINDS = [
  [4, ['--status', 'busy', '--turn', 'awaits-reply', '--spinner']],
  [3, []],
  [3, ['--status', 'waiting', '--waiting-for', 'permission prompt', '--turn', 'tool']],
  [2, ['--status', 'busy', '--turn', 'awaits-reply', '--age', '1200', '--spinner', '--model', '6000']],
  [2, ['--status', 'busy', '--turn', 'awaits-reply', '--age', '1200', '--spinner', '--model', '6000', '--ask-again']],
  [2, ['--status', 'busy', '--turn', 'tool', '--age', '1200', '--spinner', '--child', 'sleep 100']],
  [2, ['--status', 'busy', '--turn', 'awaits-reply', '--age', '1200', '--ignore-term']],
  [1, ['--raw', '--last-words', 'good bye']],
].flatMap(([weight, options]) => Array(weight).fill(options));

const WRITERS = 0.5; // of all: they write for as long as they live
const LIFE_S = [5, 60];
const BEGINS_MS = [5_000, 30_000]; // the real clients, which need the machine to start, are first
const between = ([low, high]) => low + Math.random() * (high - low);
const pick = (list) => list[Math.floor(Math.random() * list.length)];

export class Agents {
  started = 0;
  resumed = 0;
  living = 0;
  ledgers = []; // { session, path, transcript }
  #byPid = new Map();
  #dead = []; // sessions that can be resumed

  constructor(world, count) {
    this.world = world;
    this.count = count;
    this.program = join(world.root, 'share/claude/versions/2.1.197');
    this.cwds = Array.from({ length: 8 }, (_, i) => world.project(`soak ${i}`));
    this.ledgerDir = join(world.root, 'ledgers');
    mkdirSync(dirname(this.program), { recursive: true });
    mkdirSync(this.ledgerDir);
    copyFileSync(join(BUILD, 'fake-agent'), this.program);
  }

  knows(pid) {
    return this.#byPid.has(pid);
  }

  /** As many lives side by side as there are agents, each begun again when it is over. */
  async live(isOver) {
    await Promise.all(Array.from({ length: this.count }, async () => {
      await sleep(between(BEGINS_MS));
      while (!isOver()) await this.#oneLife(isOver);
    }));
  }

  async #oneLife(isOver) {
    const old = Math.random() < 0.3 ? this.#dead.shift() : undefined;
    const session = old?.session ?? randomUUID();
    const cwd = old?.cwd ?? pick(this.cwds);
    const ledger = join(this.ledgerDir, session);
    const kind = pick(KINDS);
    // An agent that writes has spoken a moment ago: it cannot be of those that have been silent for long.
    const writes = !kind.includes('--age') && Math.random() < WRITERS ? ['--write-every', '150', '--ledger', ledger] : [];
    const launcher = spawn(join(BUILD, 'fake-agent'), ['--session', session, '--cwd', cwd, ...kind, ...writes, '--', this.program],
      { env: this.world.env, stdio: ['ignore', 'pipe', 'ignore'] });
    const gone = new Promise((done) => launcher.on('close', done));
    const pid = await new Promise((known) => {
      launcher.stdout.on('data', (text) => known(Number(text)));
      gone.then(() => known(0));
    });
    if (!pid) return;
    this.started++;
    this.living++;
    if (old) this.resumed++;
    this.#byPid.set(pid, session);
    if (writes.length && !old) this.ledgers.push({ session, path: ledger, transcript: this.#transcriptOf(session, cwd) });
    const until = performance.now() + between(LIFE_S) * 1000;
    while (!isOver() && performance.now() < until && isAlive(pid)) {
      await sleep(500);
      if (Math.random() < 0.02) signal(pid, 'SIGSTOP');
      else if (Math.random() < 0.1) signal(pid, 'SIGCONT');
    }
    // Its terminal closes, or it is told to end, or it is killed; or the program has ended it.
    const endings = [() => signal(launcher.pid, 'SIGKILL'), () => signal(pid, 'SIGTERM'), () => signal(pid, 'SIGKILL')];
    pick(endings)();
    await sleep(300);
    signal(pid, 'SIGKILL');
    await gone;
    this.#byPid.delete(pid);
    this.living--;
    this.#dead.push({ session, cwd });
  }

  #transcriptOf(session, cwd) {
    return join(this.world.configDir, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'), `${session}.jsonl`);
  }

  /** Removes a few transcripts of sessions that nobody has, and of which a backup holds all. */
  async forgetSome(pending) {
    const backups = readdirSync(pending).filter((name) => name.endsWith('.sha256'));
    for (const { session, cwd } of this.#dead.splice(0, 2)) {
      const path = this.#transcriptOf(session, cwd);
      const newest = backups.filter((name) => name.includes(session)).sort().at(-1);
      const copy = newest && join(pending, newest.replace(/sha256$/, 'jsonl'));
      if (copy && existsSync(path) && statSync(copy).size === statSync(path).size) unlinkSync(path);
    }
  }

  async stop() {
    for (const pid of this.#byPid.keys()) signal(pid, 'SIGKILL');
    await sleep(500);
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
