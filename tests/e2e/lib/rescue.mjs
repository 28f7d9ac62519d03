// The program under test, always kept inside a world: its environment, and --config-dir on each call.
//
//     const { status, stdout, stderr, json } = world.rescue.run(['--status', '--json'], [configDir]);

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

export const PROGRAM = resolve(process.env.SESSION_RESCUE ?? resolve(HERE, '../../../build/session-rescue'));

export class Rescue {
  #env;

  constructor(env) {
    this.#env = env;
  }

  /** Runs the program; `json` is its standard output parsed, where `--json` was asked for. */
  run(args, configDirs, { cwd } = {}) {
    if (configDirs.length === 0) throw new Error('session-rescue is not run without --config-dir');
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built; or set SESSION_RESCUE`);
    const scope = configDirs.flatMap((dir) => ['--config-dir', dir]);
    const { status, signal, stdout, stderr, error } = spawnSync(PROGRAM, [...args, ...scope],
      { env: this.#env, cwd, encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
    if (error) throw error;
    return { status: status ?? signal, stdout, stderr, json: args.includes('--json') ? JSON.parse(stdout) : null };
  }

  /** The sessions of `--status --json` (or of another mode with the same shape). */
  sessions(args, configDirs) {
    return this.run([...args, '--json'], configDirs).json.sessions;
  }
}
