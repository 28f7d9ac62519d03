// A scratch world for one test file: a temporary home, a private tmux server, a scripted API, and
// whatever clients the tests start in it. Nothing in it can reach the user's own sessions.
//
//     const world = await World.create();
//     const cwd = world.project('a directory');          // made, and trusted by the clients
//     const client = await world.startClient({ cwd });   // client.mjs: interactive, in a pane
//     const print = world.startPrint({ cwd, prompt: 'hello' });
//     ...
//     await world.destroy();
//
// Every process started here carries SR_E2E_WORLD=<root> in its environment, and so do its children
// whatever session or parent they end up with. destroy() ends those, each by its pid, and no other.
// It also runs when the test process is told to end.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from './client.mjs';
import { MockApi } from './mock-api.mjs';
import { MAIN, pinnedClient } from './pinned-clients.mjs';
import { everyProcess, environmentOf } from './procfs.mjs';
import { withDirective } from './replies.mjs';
import { Rescue } from './rescue.mjs';
import { Tmux } from './tmux.mjs';
import { until } from './wait.mjs';

const MARK = 'SR_E2E_WORLD';
const KEY = 'sk-ant-dummy-key-for-tests';

export class World {
  #living = true;
  #takeDown = () => { this.#endProcesses(); this.#removeFiles(); }; // synchronous: it runs while a test ends
  #prints = [];

  static async create() {
    const world = new World();
    world.root = realpathSync(mkdtempSync(join(tmpdir(), 'sr-e2e-')));
    world.home = world.#directory('home');
    world.configDir = world.#directory('home/.claude');
    world.api = await MockApi.listen();
    world.env = world.#environment();
    world.tmux = new Tmux(join(world.root, 'tmux'), world.env);
    world.rescue = new Rescue(world.env);
    seedConfig(world.configDir, world.home);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => process.exit(1)); // on, not once: a second signal must not cut the take-down short
    process.once('exit', world.#takeDown);
    return world;
  }

  #directory(name) {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  #environment() {
    return {
      HOME: this.home,
      PATH: [this.#binFor(MAIN), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      SHELL: '/bin/bash',
      USER: userInfo().username,
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      PS1: '$ ',
      HISTFILE: '/dev/null',
      ANTHROPIC_BASE_URL: this.api.url,
      ANTHROPIC_API_KEY: KEY,
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      IS_SANDBOX: '1', // the tests may run as root in a container
      [MARK]: this.root,
    };
  }

  /** A folder for PATH in which `claude` is that version. */
  #binFor(version) {
    const bin = this.#directory(`bin/${version}`);
    try {
      symlinkSync(pinnedClient(version), join(bin, 'claude'));
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    return bin;
  }

  /** A configuration directory of its own, for clients started with CLAUDE_CONFIG_DIR. */
  addConfigDir(name) {
    const dir = this.#directory(name);
    seedConfig(dir, dir);
    return dir;
  }

  /** Makes a directory for clients to work in, and trusts it in every configuration. */
  project(name) {
    const path = this.#directory(join('projects', name));
    const files = [join(this.home, '.claude.json'),
      ...readdirSync(this.root).map((entry) => join(this.root, entry, '.claude.json'))];
    for (const file of files) trust(file, path);
    return path;
  }

  /** A pane with a shell in `cwd`, for a test to type in. */
  openShell(cwd = this.home) {
    return this.tmux.openPane(cwd);
  }

  /** Starts an interactive client and waits until it takes a prompt. See client.mjs for the options. */
  startClient(options) {
    return Client.start(this, options);
  }

  /** The words that start a client of this version: a path to type, or to spawn. */
  claudePath(version = MAIN) {
    return join(this.#binFor(version), 'claude');
  }

  /** Starts `claude -p`; returns { pid, cwd, configDir, ended: Promise<{status, stdout, stderr}> }. */
  startPrint({ cwd, prompt, reply, args = [], configDir, version = MAIN }) {
    const env = { ...this.env, ...(configDir ? { CLAUDE_CONFIG_DIR: configDir } : {}) };
    // A session of its own, so that no terminal of whoever runs the tests is the client's.
    const child = spawn(this.claudePath(version), ['-p', ...args, '--', withDirective(prompt, reply)],
      { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => { output.stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { output.stderr += text; });
    const ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve({ status: status ?? signal, ...output }));
    });
    this.#prints.push(ended);
    return { pid: child.pid, cwd, configDir: configDir ?? this.configDir, ended };
  }

  /** Runs `claude -p` to its end; fails if it fails. */
  async print(options) {
    const { status, stdout, stderr } = await this.startPrint(options).ended;
    if (status !== 0) throw new Error(`claude -p ended with ${status}: ${stderr || stdout}`);
    return stdout;
  }

  /** The client's own note about a process: sessions/<pid>.json, or null. Read again while half written. */
  async registryOf(pid, configDir = this.configDir) {
    const path = join(configDir, 'sessions', `${pid}.json`);
    return until(`a whole ${path}`, () => {
      try {
        return { value: JSON.parse(readFileSync(path, 'utf8')) };
      } catch (error) {
        return error instanceof SyntaxError ? null : { value: null };
      }
    }, { withinMs: 5_000, everyMs: 20 }).then(({ value }) => value);
  }

  /** The path of a session's transcript, wherever below the configuration it lies, or null. */
  transcriptOf(sessionId, configDir = this.configDir) {
    const projects = join(configDir, 'projects');
    for (const name of entriesOf(projects))
      if (entriesOf(join(projects, name)).includes(`${sessionId}.jsonl`)) return join(projects, name, `${sessionId}.jsonl`);
    return null;
  }

  /** Ends all that runs in this world and removes it. */
  async destroy() {
    this.#takeDown();
    process.removeListener('exit', this.#takeDown);
    await Promise.allSettled(this.#prints);
    await this.api.close();
  }

  #endProcesses() {
    if (!this.#living) return;
    this.#living = false;
    for (let round = 0; round < 10; round++) { // a client may start a tool while it is being ended
      const ours = everyProcess().filter(({ pid, state }) => state !== 'Z' && environmentOf(pid)[MARK] === this.root);
      if (ours.length === 0) break;
      for (const { pid } of ours) killIfThere(pid);
      execFileSync('sleep', ['0.05']);
    }
  }

  /** The world, and what its tools wrote outside of it: /tmp/claude-<uid>/<encoded cwd>/. */
  #removeFiles() {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    const base = join('/tmp', `claude-${userInfo().uid}`);
    const ours = this.root.replace(/[^A-Za-z0-9]/g, '-');
    for (const name of entriesOf(base).filter((entry) => entry.startsWith(ours)))
      rmSync(join(base, name), { recursive: true, force: true });
  }
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function entriesOf(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** What a client asks on its first start, already answered. With CLAUDE_CONFIG_DIR `.claude.json` lies in it. */
function seedConfig(configDir, home) {
  writeJson(join(configDir, 'settings.json'), { tui: 'default' });
  writeJson(join(home, '.claude.json'), {
    hasCompletedOnboarding: true, lastOnboardingVersion: '99.0.0', numStartups: 9, theme: 'dark', autoUpdates: false,
    bypassPermissionsModeAccepted: true, customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] }, projects: {},
  });
}

function trust(configFile, directory) {
  let config;
  try {
    config = JSON.parse(readFileSync(configFile, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return; // no configuration there
    throw error;
  }
  config.projects[directory] = { allowedTools: [], hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  writeJson(configFile, config);
}

/** By rename: a client that reads half a configuration refuses to start. */
function writeJson(path, value) {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

