// The auditor: runs the program, keeps what came of it, and has a witness (witness.c) write down whom it
// sent signals to.

import { execFile, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { descendantsOf, environmentOf, isAlive } from '../e2e/lib/procfs.mjs';
import { PROGRAM } from '../e2e/lib/rescue.mjs';
import { sleep } from '../e2e/lib/wait.mjs';

const WITNESS = join(process.env.TEST_PROGRAMS, 'witness');
const MAX_RUN_S = 300; // 3,000 sessions on two processors that 200 stand-ins keep busy
const nameOf = (number) => Object.keys(constants.signals).find((name) => constants.signals[name] === number) ?? number;

export class Auditor {
  #runs = new Map(); // mode -> { count, statuses }
  #signals = 0;
  #broken = [];
  #notes = [];
  #serial = 0;

  constructor(world) {
    this.world = world;
  }

  broken(what) {
    this.#broken.push(what);
    process.stderr.write(`BROKEN: ${what}\n`);
  }

  note(name, text) {
    this.#notes.push([name, text]);
  }

  get isClean() {
    return this.#broken.length === 0;
  }

  /** A process of this run, or one that is gone by now: as it ends, its environment goes before it does. */
  async isOurs(pid) {
    for (let tries = 0; isAlive(pid); tries++) {
      const environment = environmentOf(pid);
      if (environment.SR_E2E_WORLD === this.world.root) return true;
      if (Object.keys(environment).length || tries === 100) return false;
      await sleep(100);
    }
    return true;
  }

  /** Words that run the program under the eyes of the witness, which writes the signals it sends to `trace`. */
  command(args, trace) {
    return [WITNESS, [trace, PROGRAM, ...args, '--config-dir', this.world.configDir]];
  }

  /** One run. target: the process that its plan names; it and what is below it may be signalled. */
  async run(mode, args, { allowed, target }) {
    const trace = join(this.world.root, `signals-${++this.#serial}`);
    const family = target ? [target, ...descendantsOf(target).map(({ pid }) => pid)] : [];
    const [program, words] = this.command(args, trace);
    const { status, stdout, stderr } = await new Promise((resolve) => {
      const child = execFile(program, words, { env: this.world.env, timeout: MAX_RUN_S * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 28 },
        (error, out, err) => resolve({ status: !error ? 0 : error.killed ? `no end after ${MAX_RUN_S} s` : error.code ?? error.signal, stdout: out, stderr: err }));
      child.stdin.end();
    });
    this.#count(mode, status);
    if (!allowed.includes(status)) this.broken(`--${mode} ended with ${status}: ${stderr.slice(-500)}`);
    this.checkSignals(mode, trace, family);
    return { status, stdout, stderr, json: args.includes('--json') && stdout ? JSON.parse(stdout) : null };
  }

  #count(mode, status) {
    const runs = this.#runs.get(mode) ?? { count: 0, statuses: {} };
    runs.count++;
    runs.statuses[status] = (runs.statuses[status] ?? 0) + 1;
    this.#runs.set(mode, runs);
  }

  /** Every signal went to one of the family. */
  checkSignals(mode, trace, family) {
    for (const line of readFileSync(trace, 'utf8').split('\n').filter(Boolean)) {
      const [, target, signal] = line.split(' ').map(Number);
      this.#signals++;
      if (!family.includes(Math.abs(target))) this.broken(`--${mode} sent ${nameOf(signal)} to ${target}, which its plan does not name (${family})`);
    }
    rmSync(trace);
  }

  /** A run that stays: the watcher. */
  startWitnessed(args, trace) {
    const [program, words] = this.command(args, trace);
    return spawn(program, words, { env: this.world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  summary() {
    return [...this.#runs].map(([mode, { count }]) => `${mode} ${count}`).join(', ') + `, signals ${this.#signals}, broken ${this.#broken.length};`;
  }

  report() {
    const lines = [...this.#runs].map(([mode, { count, statuses }]) =>
      `${`--${mode}`.padEnd(12)} ${String(count).padStart(6)} runs, by exit status ${JSON.stringify(statuses)}`);
    lines.push(`signals      ${String(this.#signals).padStart(6)} sent to others, each checked against the plan`);
    for (const [name, text] of this.#notes) lines.push(`${name.padEnd(12)} ${text}`);
    lines.push(this.isClean ? 'All promises were kept.' : `${this.#broken.length} promises were broken:`);
    return [...lines, ...this.#broken.slice(0, 50).map((line) => `  ${line}`)].join('\n') + '\n';
  }
}
