// The program under test, always kept inside a world: its environment, and --config-dir on each call.
//
//     const { status, stdout, stderr, json } = await world.rescue.run(['--status', '--json'], [configDir]);

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

export const PROGRAM = resolvePath(process.env.SESSION_RESCUE ?? join(HERE, '../../../build/session-rescue'));

export class Rescue {
  #env;

  constructor(env) {
    this.#env = env;
  }

  /**
   * Runs the program; `json` is its standard output parsed, where `--json` was asked for. Never in a
   * way that stops this process: the scripted API lives in it, and would fall silent.
   */
  run(args, configDirs, { cwd, withinMs = 60_000 } = {}) {
    if (configDirs.length === 0) throw new Error('session-rescue is not run without --config-dir');
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built; or set SESSION_RESCUE`);
    const scope = configDirs.flatMap((dir) => ['--config-dir', dir]);
    return new Promise((resolve, reject) => {
      const child = execFile(PROGRAM, [...args, ...scope], { env: this.#env, cwd, timeout: withinMs }, (error, stdout, stderr) => {
        if (error && typeof error.code === 'string') return reject(error);
        const status = error ? (error.code ?? error.signal) : 0;
        if (args.includes('--json') && stdout === '') return reject(new Error(`status ${status}, and no JSON: ${stderr}`));
        return resolve({ status, stdout, stderr, json: args.includes('--json') ? JSON.parse(stdout) : null });
      });
      child.stdin.end();
    });
  }

  /** Those of a look that are called unsaved: of healthy clients there is none, in any state. */
  static unsaved({ json }) {
    return json.sessions.filter(({ persistence }) => persistence !== 'ok' && persistence !== null)
      .map(({ pid, cwd, cause, persistence, evidence }) => ({ pid, cwd, cause, persistence, evidence }));
  }

  /** The sessions of `--status --json` (or of another mode with the same shape). */
  async sessions(args, configDirs) {
    const { json } = await this.run([...args, '--json'], configDirs);
    return json.sessions;
  }
}
