// The auditor: runs the program, keeps what came of it, and looks at what it did to others by strace.

import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf, environmentOf, isAlive } from '../e2e/lib/procfs.mjs';
import { PROGRAM } from '../e2e/lib/rescue.mjs';

const SIGNALS = 'kill,tkill,tgkill,pidfd_send_signal,clone,clone3,fork,vfork';
const MAX_RUN_S = 120;

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

  /** A process of this run, or one that is gone by now. */
  isOurs(pid) {
    return !isAlive(pid) || environmentOf(pid).SR_E2E_WORLD === this.world.root;
  }

  /** Words that run the program under strace, which writes the signals it sends to `trace`. */
  command(args, trace) {
    return ['strace', ['-f', '-qq', '--seccomp-bpf', '--decode-fds=pidfd', '-e', `trace=${SIGNALS}`, '-e', 'signal=none',
      '-o', trace, PROGRAM, ...args, '--config-dir', this.world.configDir]];
  }

  /** One run. target: the process that its plan names; it and what is below it may be signalled. */
  async run(mode, args, { allowed, target }) {
    const trace = join(this.world.root, `trace-${++this.#serial}`);
    const family = target ? [target, ...descendantsOf(target).map(({ pid }) => pid)] : [];
    const [program, words] = this.command(args, trace);
    const { status, stdout, stderr } = await new Promise((resolve) => {
      const child = execFile(program, words, { env: this.world.env, timeout: MAX_RUN_S * 1000, maxBuffer: 1 << 28 },
        (error, out, err) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout: out, stderr: err }));
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

  /** Every signal in the trace went to one of the family, or to a process of the run itself. */
  checkSignals(mode, trace, family) {
    if (!existsSync(trace)) return;
    const lines = readFileSync(trace, 'utf8').split('\n');
    // "4711 clone(...) = 4712"
    const own = new Set(lines.flatMap((line) => [line.match(/^(\d+)/)?.[1], line.match(/\b(?:clone3?|v?fork)\(.* = (\d+)$/)?.[1]])
      .filter(Boolean).map(Number));
    for (const line of lines) {
      // "4711 pidfd_send_signal(5<pid:4700>, SIGTERM, NULL, 0) = 0", "4711 kill(-4712, SIGKILL) = 0"
      const sent = line.match(/pidfd_send_signal\(\d+<pid:(-?\d+)>, (\w+)/) ?? line.match(/\bt?g?kill\((-?\d+), (?:\d+, )?(\w+)/);
      if (!sent || sent[2] === '0') continue;
      const to = Math.abs(Number(sent[1]));
      if (own.has(to)) continue;
      this.#signals++;
      if (!family.includes(to)) this.broken(`--${mode} sent ${sent[2]} to ${sent[1]}, which its plan does not name (${family})`);
    }
    rmSync(trace);
  }

  /** A run that stays: the watcher. */
  startTraced(args, trace) {
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
