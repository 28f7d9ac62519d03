// opencode: a native program (made by Bun), and rows of one database.

import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { KEY, MODULES, NODE } from '../agent-world.mjs';

const exeOf = (pid) => {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return null;
  }
};

// Node has SQLite since 22: the tests themselves may run in an older one.
const NEWEST = `const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(process.argv[1], { readOnly: true });
const rows = db.prepare('select id from session where directory = ? and parent_id is null').all(process.argv[2]);
process.stdout.write(rows.map(({ id }) => id).join('\\n'));`;

export const opencode = {
  name: 'opencode', version: '1.18.33', store: '.local/share/opencode',
  /** The native program; its package for older processors where this one needs it. */
  program() {
    const older = !/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
    return join(MODULES, `opencode-linux-x64${older ? '-baseline' : ''}`, 'bin', 'opencode');
  },
  environment: () => ({ OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' }),

  configure(world) {
    world.write('.config/opencode/opencode.json', {
      provider: { scripted: { npm: '@ai-sdk/openai-compatible', name: 'Scripted', options: { baseURL: world.api.url, apiKey: KEY },
        models: { model: { name: 'Model', tool_call: true, limit: { context: 200000, output: 32000 } } } } },
      model: 'scripted/model', autoupdate: false, share: 'disabled', permission: { bash: { '*': 'allow', 'ask-first *': 'ask' } },
    });
  },

  /** It makes the database, without which nothing is put back. */
  prepare: (world) => world.run(world.folder('project'), 'session', 'list'),

  ready: /ctrl\+p/,
  asks: /Permission required/,
  approves: ['Enter'],
  interrupts: ['Escape', 'Escape'],
  // Which commands it asks for stands in its configuration.
  shell: (command, asks) => ({ name: 'bash', args: { command: asks ? `ask-first ${command}` : command, description: 'what the test asks for' } }),
  headless: (prompt, id) => ['run', ...(id ? ['--session', id] : []), prompt],
  resume: (id) => ['--session', id],
  // A part of a reply that came at once may be a refusal, and no row tells of the pause behind it: see doc/agents.md.
  untold: { retry: 'unknown', stalled: 'unknown' },

  pids(world, below) {
    const own = below.find(({ pid }) => exeOf(pid) === 'opencode');
    return { ui: own?.pid, owner: own?.pid };
  },

  async sessionId(world, { cwd }) {
    const { stdout } = await promisify(execFile)(NODE, ['--no-warnings', '-e', NEWEST, join(world.store, 'opencode.db'), cwd]).catch(() => ({ stdout: '' }));
    const ids = stdout.split('\n').filter(Boolean);
    return ids.length === 1 ? ids[0] : undefined;
  },
};
