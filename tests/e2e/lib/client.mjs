// One interactive client in a pane of the world's tmux server.
//
//     const client = await world.startClient({ cwd, args: ['--allowedTools', 'Bash'] });
//     await client.ask('hello');                       // types it, and waits until the API has the request
//     await client.settle('idle');                     // as the client itself says in its registry
//     await client.press('Escape');
//
// The client runs below the pane's shell. Its pid and terminal are known from there, not from anything
// that the program under test also reads.

import { readFileSync } from 'node:fs';
import { descendantsOf, isAlive } from './procfs.mjs';
import { withDirective } from './replies.mjs';
import { until } from './wait.mjs';

// A loaded machine of two cores starts ten clients within half a minute.
const START_MS = 90_000;

export class Client {
  /**
   * `args` go to the client as they are; `env` is set for it alone; `launcher` are words before its own, such
   * as `setsid`; `tmux` is another server than the world's.
   */
  static async start(world, { cwd, args = [], configDir, version, env = {}, launcher = [], tmux = world.tmux }) {
    const client = new Client();
    Object.assign(client, { world, tmux, cwd, configDir: configDir ?? world.configDir, pane: await tmux.openPane(cwd) });
    const settings = Object.entries({ ...(configDir ? { CLAUDE_CONFIG_DIR: configDir } : {}), ...env });
    await client.#runInShell([...settings.map(([name, value]) => `${name}=${quoted(value)}`),
      ...[...launcher, world.claudePath(version), ...args].map(quoted)].join(' '));
    await client.#untilReady();
    return client;
  }

  /** A client that some command line typed into `pane` starts, as a user would who pastes it. */
  static async startByTyping(world, pane, commandLine, { cwd, configDir = world.configDir } = {}) {
    const client = new Client();
    Object.assign(client, { world, tmux: world.tmux, pane, cwd, configDir });
    await client.#runInShell(commandLine);
    await client.#untilReady();
    return client;
  }

  get tty() {
    return this.pane.tty;
  }

  async #runInShell(commandLine) {
    const { tmux } = this;
    await until('a shell prompt', async () => (await tmux.screen(this.pane.id)).endsWith('$'), { withinMs: START_MS });
    await tmux.type(this.pane.id, commandLine);
    this.startedAfter = Date.now();
    await tmux.press(this.pane.id, 'Enter');
    this.pid = await until('a client below the shell',
      () => descendantsOf(this.pane.shellPid).find(({ comm }) => comm === 'claude')?.pid,
      { withinMs: START_MS, look: () => this.screen() });
    this.startedBefore = Date.now();
  }

  async #untilReady() {
    await until('the client to show its prompt', async () => {
      if (!isAlive(this.pid)) throw new Error(`the client ended at its start:\n${await this.screen()}`);
      return (await this.registry()) && /^[>❯]/m.test(await this.screen());
    }, { withinMs: START_MS, look: () => this.screen() });
  }

  screen() {
    return this.tmux.screen(this.pane.id);
  }

  press(...keys) {
    return this.tmux.press(this.pane.id, ...keys);
  }

  /** The client's own sessions/<pid>.json. */
  registry() {
    return this.world.registryOf(this.pid, this.configDir);
  }

  async sessionId() {
    return (await this.registry()).sessionId;
  }

  async transcript() {
    return this.world.transcriptOf(await this.sessionId(), this.configDir);
  }

  /** Types a line into the prompt box, waits until all of it shows, and presses Enter. */
  async enter(line) {
    await this.tmux.type(this.pane.id, line);
    // Enter that comes along with pasted text is a newline of the text.
    await until(`"${line}" in the prompt box`, async () => dense(await this.screen()).includes(dense(line)),
      { look: () => this.screen() });
    await this.press('Enter');
  }

  /** Enters a prompt, with the reply it shall get, and returns the API's request for it. */
  async ask(prompt, reply) {
    const before = this.world.api.requests.length;
    await this.enter(withDirective(prompt, reply));
    return this.world.api.waitFor((r) => r.seq > before && r.isTurn && r.text.includes(prompt), {
      look: () => this.screen(),
    });
  }

  /** A whole turn: prompt, answer, and the client idle again, its records on disk. */
  async turn(prompt, reply) {
    await this.ask(prompt, reply);
    await until('the turn to be over and written', async () => {
      const transcript = await this.transcript();
      return transcript && turnIsOver(readFileSync(transcript, 'utf8'), prompt);
    }, { look: () => this.screen() });
  }

  /** Waits until the client calls itself idle, busy, waiting or shell. */
  settle(status, { withinMs = 30_000 } = {}) {
    return until(`the client to call itself ${status}`, async () => (await this.registry())?.status === status,
      { withinMs, look: () => this.screen() });
  }

  /** Signals the client, which is a process of this world. */
  signal(name) {
    process.kill(this.pid, name);
  }

  async kill() {
    this.signal('SIGKILL');
    await until('the client to be gone', () => !isAlive(this.pid));
  }

  /** Ends the client as a user would, by SIGTERM here, and waits. */
  async end() {
    this.signal('SIGTERM');
    await until('the client to end', () => !isAlive(this.pid));
  }
}

/** True once the prompt is on disk and the last message of its conversation is an answer that ends a turn. */
function turnIsOver(transcript, prompt) {
  const records = transcript.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const asked = records.find(({ type, message }) => type === 'user' && JSON.stringify(message?.content).includes(prompt));
  const ends = new Set(['end_turn', 'stop_sequence']);
  return Boolean(asked) && records.some(({ type, timestamp, message }) =>
    type === 'assistant' && timestamp > asked.timestamp && ends.has(message.stop_reason));
}

const dense = (text) => text.replace(/\s+/g, '');
const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;
