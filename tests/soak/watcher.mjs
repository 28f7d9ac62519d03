// The watcher, for as long as all goes on: what it holds is measured from outside.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf, isAlive, processOf } from '../e2e/lib/procfs.mjs';
import { until } from '../e2e/lib/wait.mjs';

const EVERY_MS = 5000;
const MORE_DESCRIPTORS = 64; // it holds a pidfd and watches for each session, and their number goes up and down
const MORE_MB = 4;
const LEFT_DESCRIPTORS = 8; // more than at the beginning, once every session has ended

export class Watcher {
  #samples = [];
  #events = 0;

  constructor(world, auditor, args) {
    Object.assign(this, { world, auditor, args });
  }

  start() {
    this.trace = join(this.world.root, 'signals-watch');
    this.child = this.auditor.startWitnessed(['--watch', '--json', ...this.args], this.trace);
    this.child.stdout.on('data', (text) => { this.#events += String(text).split('\n').length - 1; });
    let said = '';
    this.child.stderr.on('data', (text) => { said = (said + text).slice(-2000); });
    this.ended = new Promise((done) => this.child.on('close', (status, signal) => done({ status: status ?? signal, said })));
    this.timer = setInterval(() => this.#sample(), EVERY_MS);
  }

  #sample() {
    const process = descendantsOf(this.child.pid).find(({ comm }) => comm === 'session-rescue');
    if (!process) return;
    try {
      const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
      this.pid = process.pid;
      this.#samples.push({ at: performance.now(), fds: readdirSync(`/proc/${process.pid}/fd`).length,
        mb: Number(status.match(/VmRSS:\s+(\d+)/)[1]) / 1024, ticks: processOf(process.pid).cpuTicks });
    } catch { /* it has just ended */ }
  }

  async stop() {
    clearInterval(this.timer);
    if (!this.pid || !isAlive(this.pid)) {
      this.auditor.broken(`the watcher is not there any more: ${JSON.stringify(await this.ended)}`);
      return;
    }
    const [first] = this.#samples;
    await until('the descriptors of ended sessions to be given back', () => {
      this.#sample();
      return this.#samples.at(-1).fds <= first.fds + LEFT_DESCRIPTORS;
    }, { withinMs: 60_000, everyMs: 1000 }).catch((error) => this.auditor.broken(`${error.message}: ${this.figures()}`));
    process.kill(this.pid, 'SIGTERM');
    await until('the watcher to end', () => !isAlive(this.pid), { withinMs: 60_000 });
    const { status, said } = await this.ended;
    if (![0, 143].includes(status)) this.auditor.broken(`the watcher ended with ${status}: ${said}`);
    this.auditor.checkSignals('watch', this.trace, []);
    const warm = this.#samples.slice(Math.floor(this.#samples.length / 4), Math.ceil(this.#samples.length / 2));
    const late = this.#samples.slice(-Math.ceil(this.#samples.length / 4));
    if (least(late, 'fds') > most(warm, 'fds') + MORE_DESCRIPTORS) this.auditor.broken(`the watcher's descriptors grew: ${this.figures()}`);
    if (least(late, 'mb') > most(warm, 'mb') + MORE_MB) this.auditor.broken(`the watcher's memory grew: ${this.figures()}`);
  }

  figures() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || first === last) return 'not measured';
    const cpu = (last.ticks - first.ticks) / ((last.at - first.at) / 1000);
    return `${this.#events} events; descriptors ${first.fds} to ${most(this.#samples, 'fds')}, at the end ${last.fds}; ` +
      `MB ${first.mb.toFixed(1)} to ${most(this.#samples, 'mb').toFixed(1)}, at the end ${last.mb.toFixed(1)}; ${cpu.toFixed(1)} % of a CPU`;
  }
}

const most = (samples, key) => Math.max(...samples.map((sample) => sample[key]));
const least = (samples, key) => Math.min(...samples.map((sample) => sample[key]));
