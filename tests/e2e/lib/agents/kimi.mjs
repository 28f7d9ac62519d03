// Kimi Code: one process that calls itself kimi-code, and a folder for a session once a prompt was given.

import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { KEY, MODULES } from '../agent-world.mjs';

/** The name of a directory's folder in its store. */
const folderOf = (cwd) => {
  const name = basename(cwd).toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  return `wd_${name}_${createHash('sha256').update(cwd).digest('hex').slice(0, 12)}`;
};

export const kimi = {
  name: 'kimi', version: '2.1.0', store: '.kimi-code',
  records: { version: null }, // it writes down that of its protocol alone
  program: () => join(MODULES, '@moonshot-ai', 'kimi-code', 'dist', 'main.mjs'),
  environment: () => ({ KIMI_CODE_NO_AUTO_UPDATE: '1', KIMI_DISABLE_TELEMETRY: '1' }),

  configure(world) {
    world.write('.kimi-code/config.toml', `default_model = "model"
telemetry = false
[providers.scripted]
type = "openai"
base_url = "${world.api.url}"
api_key = "${KEY}"
[models.model]
provider = "scripted"
model = "model"
max_context_size = 262144
`);
    world.write('.kimi-code/tui.toml', '[upgrade]\nauto_install = false\n');
  },
  trust: (world, cwd) => world.write(`.kimi-code/workspace-trust/${folderOf(cwd)}`, { root: cwd, trustedAt: Date.now() }),

  ready: /context: [0-9]/,
  asks: /Run this command/,
  approves: ['Enter'],
  asksAlways: true, // before a command runs
  interrupts: ['Escape'], // a second one opens a picker by which turns are undone
  shell: (command) => ({ name: 'Bash', args: { command, description: 'what the test asks for', timeout: 300 } }),
  headless: (prompt, id) => ['-p', prompt, ...(id ? ['-S', id] : [])],
  resume: (id) => ['--session', id],

  pids(world, below) {
    const own = below.find(({ comm }) => comm === 'kimi-code');
    return { ui: own?.pid, owner: own?.pid };
  },

  sessionId(world, { cwd }) {
    const mine = world.files(`sessions/${folderOf(cwd)}`).filter((file) => /\/session_[^/]+\/state\.json$/.test(file));
    return mine.length === 1 ? basename(dirname(mine[0])) : undefined;
  },

  transcript: (world, id) => world.files('sessions').find((file) => file.endsWith(`/${id}/agents/main/wire.jsonl`)),
};
