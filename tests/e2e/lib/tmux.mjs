// A private tmux server: its own socket, its own environment, no configuration file. Each pane runs a
// plain interactive bash, as a person's terminal does: a client that is stopped there stays stopped,
// whereas tmux continues a stopped process that is the pane's own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class Tmux {
  #socket;
  #env;

  constructor(socket, env) {
    this.#socket = socket;
    this.#env = env;
  }

  get socket() {
    return this.#socket;
  }

  async #tmux(...args) {
    const { stdout } = await run('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], { env: this.#env });
    return stdout;
  }

  /** Opens a pane with a shell in `cwd`; returns { id: "%3", shellPid, tty: "pts/4" }. */
  async openPane(cwd, { columns = 140, rows = 50 } = {}) {
    // A server whose last pane has closed stays, for the next pane that may be on its way.
    const line = await this.#tmux('start-server', ';', 'set-option', '-s', 'exit-empty', 'off', ';', 'new-session', '-d', '-P', '-F', '#{pane_id} #{pane_pid} #{pane_tty}',
      '-x', columns, '-y', rows, '-c', cwd, 'bash', '--norc', '--noprofile', '-i');
    const [id, shellPid, tty] = line.trim().split(' ');
    return { id, shellPid: Number(shellPid), tty: tty.replace('/dev/', '') };
  }

  /** Types text as it stands; no key names, no Enter. */
  type(pane, text) {
    return this.#tmux('send-keys', '-t', pane, '-l', '--', text);
  }

  /** Presses keys by tmux's names: Enter, Escape, C-z ... */
  press(pane, ...keys) {
    return this.#tmux('send-keys', '-t', pane, ...keys);
  }

  /** What the pane shows now, as text; no blank lines at the end. */
  async screen(pane) {
    return (await this.#tmux('capture-pane', '-p', '-J', '-t', pane)).trimEnd();
  }

  /** From now on the server counts how often the screen of a pane is read, by anybody. */
  countLooks() {
    return this.#tmux('set-option', '-g', '@looks', '0', ';',
      'set-hook', '-g', 'after-capture-pane', "set-option -gF @looks '#{e|+:#{@looks},1}'");
  }

  async looks() {
    return Number(await this.#tmux('display-message', '-p', '#{@looks}'));
  }

  async serverPid() {
    return Number(await this.#tmux('display-message', '-p', '#{pid}'));
  }

  closePane(pane) {
    return this.#tmux('kill-pane', '-t', pane);
  }
}
