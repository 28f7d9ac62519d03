// A scratch world for opencode: a home, a private tmux server, a scripted model, and the real client. Every process of it
// carries SR_E2E_WORLD=<root> in its environment; close() ends those, each by its pid, and no other.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChatApi } from './chat-api.mjs';
import { environmentOf, everyProcess } from './procfs.mjs';
import { Rescue } from './rescue.mjs';
import { Tmux } from './tmux.mjs';
import { until } from './wait.mjs';

const MODULES = join(dirname(dirname(fileURLToPath(import.meta.url))), 'agents', 'node_modules');
const MARK = 'SR_E2E_WORLD';
const CLOSED = 'http://127.0.0.1:9'; // only loopback is reached

/** Why there is no client to test with; false: there is. */
export const noOpencode = process.arch !== 'x64' && `opencode is pinned for x64, and this is ${process.arch}`;

/** The native program; its package for older processors where this one needs it. */
function program() {
  const older = !/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return join(MODULES, `opencode-linux-x64${older ? '-baseline' : ''}`, 'bin', 'opencode');
}

export class OpencodeWorld {
  static async create() {
    const world = new OpencodeWorld();
    world.root = realpathSync(mkdtempSync(join(tmpdir(), 'sr-e2e-')));
    world.home = world.folder('home');
    world.data = join(world.home, '.local/share/opencode');
    world.pending = join(world.root, 'pending');
    world.api = await ChatApi.listen();
    world.folder('bin');
    symlinkSync(program(), join(world.root, 'bin', 'opencode'));
    world.env = {
      HOME: world.home, PATH: [join(world.root, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':'), SHELL: '/bin/bash',
      USER: userInfo().username, LANG: 'C.UTF-8', TERM: 'xterm-256color', PS1: '$ ', HISTFILE: '/dev/null',
      OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      HTTP_PROXY: CLOSED, HTTPS_PROXY: CLOSED, NO_PROXY: '127.0.0.1,localhost', [MARK]: world.root,
    };
    const folder = world.folder('home/.config/opencode');
    writeFileSync(join(folder, 'opencode.json'), JSON.stringify({
      provider: { scripted: { npm: '@ai-sdk/openai-compatible', name: 'Scripted', options: { baseURL: world.api.url, apiKey: 'dummy' },
        models: { model: { name: 'Model', tool_call: true, limit: { context: 200000, output: 32000 } } } } },
      model: 'scripted/model', autoupdate: false, share: 'disabled', permission: { bash: 'allow' },
    }));
    world.tmux = new Tmux(join(world.root, 'tmux'), world.env);
    world.rescue = new Rescue(world.env);
    process.once('exit', () => world.#end());
    return world;
  }

  folder(name) {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Its client on a terminal, ready for a prompt: { pane, pid }. */
  async start(cwd, args = '') {
    const { id: pane } = await this.tmux.openPane(cwd);
    await this.tmux.type(pane, `opencode ${args}`.trim());
    await this.tmux.press(pane, 'Enter');
    await until('the client is ready', async () => /ctrl\+p/.test(await this.tmux.screen(pane)),
      { withinMs: 120_000, look: () => this.tmux.screen(pane) });
    return { pane, pid: await this.pidIn(cwd) };
  }

  async pidIn(cwd) {
    const { json } = await this.rescue.run(['--status', '--json'], [this.data]);
    return json.sessions.find((session) => session.cwd === cwd)?.pid;
  }

  /** Types until it stands on the screen: the first keys may come too early. */
  async say(pane, prompt) {
    await until('the prompt is typed', async () => {
      if ((await this.tmux.screen(pane)).includes(prompt)) return true;
      await this.tmux.type(pane, prompt);
      await until('it is drawn', async () => (await this.tmux.screen(pane)).includes(prompt), { withinMs: 5000 }).catch(() => {});
      return (await this.tmux.screen(pane)).includes(prompt);
    }, { withinMs: 60_000, look: () => this.tmux.screen(pane) });
    const before = this.api.requests.length;
    await this.tmux.press(pane, 'Enter');
    await until('the model is asked', () => this.api.requests.length > before, { withinMs: 60_000, look: () => this.tmux.screen(pane) });
  }

  /** `opencode ARGUMENT...`, to its end: { status, stdout, stderr }. */
  run(cwd, ...args) {
    return this.#toItsEnd(join(this.root, 'bin', 'opencode'), args, cwd);
  }

  /** A command as a shell takes it, likewise. The scripted model answers from this process: it must not stop meanwhile. */
  shell(command) {
    return this.#toItsEnd('bash', ['-c', command], this.root);
  }

  #toItsEnd(file, args, cwd) {
    return new Promise((resolve) => {
      const child = execFile(file, args, { cwd, env: this.env, timeout: 120_000, maxBuffer: 64e6 },
        (error, stdout, stderr) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
      child.stdin.end();
    });
  }

  /** The same, in the background: its process. */
  spawn(cwd, ...args) {
    return spawn(join(this.root, 'bin', 'opencode'), args, { cwd, env: this.env, stdio: 'ignore' });
  }

  #end() {
    for (const { pid } of everyProcess())
      if (environmentOf(pid)?.[MARK] === this.root)
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it has ended
        }
  }

  async close() {
    this.api.release();
    await until('its processes have ended', () => {
      this.#end();
      return !everyProcess().some(({ pid, state }) => state !== 'Z' && environmentOf(pid)?.[MARK] === this.root);
    });
    await this.api.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
