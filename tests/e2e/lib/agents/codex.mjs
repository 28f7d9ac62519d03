// Codex: a launcher in node that becomes the native program, which draws; one daemon for each home runs the turns of all.

import { basename, join } from 'node:path';
import { readlinkSync, readdirSync } from 'node:fs';
import { KEY, MODULES } from '../agent-world.mjs';
import { argvOf } from '../procfs.mjs';

const linkOf = (path) => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};
const held = (pid) => {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
};

/** The first record of a rollout. */
function beginningOf(world, file) {
  try {
    return JSON.parse(world.read(file).split('\n', 1)[0]).payload;
  } catch {
    return {}; // half written
  }
}

export const codex = {
  name: 'codex', version: '0.171.0', store: '.codex',
  program: () => join(MODULES, '@openai', 'codex', 'bin', 'codex.js'),
  environment: () => ({ SCRIPTED_KEY: KEY }),

  configure(world) {
    world.codexConfig = `model = "model"
model_provider = "scripted"
approval_policy = "on-request"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.scripted]
name = "scripted"
base_url = "${world.api.url}"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
[analytics]
enabled = false
[feedback]
enabled = false
[notice]
hide_full_access_warning = true
`;
    world.write('.codex/config.toml', world.codexConfig);
  },
  trust(world, cwd) {
    const project = `[projects.${JSON.stringify(cwd)}]\ntrust_level = "trusted"\n`;
    if (!world.codexConfig.includes(project)) world.write('.codex/config.toml', world.codexConfig += project);
  },

  ready: /for shortcuts/,
  asks: /Would you like to run/,
  approves: ['Enter'],
  interrupts: ['Escape'],
  // With full access it never asks: a client that is to ask is started so.
  asking: ['-s', 'read-only'],
  shell: (command, asks) => ({ name: 'exec_command', args: { cmd: command, yield_time_ms: 30_000,
    ...(asks && { sandbox_permissions: 'require_escalated', justification: 'what the test asks for' }) } }),
  headless: (prompt, id) => ['exec', ...(id ? ['resume'] : []), '--skip-git-repo-check', ...(id ? [id] : []), prompt],
  resume: (id) => ['resume', id],

  pids(world, below) {
    const ui = below.find(({ pid }) => basename(linkOf(`/proc/${pid}/exe`)) === 'codex' && !argvOf(pid).includes('app-server'));
    const daemon = world.read('app-server-daemon/daemon.pid');
    const pid = daemon && JSON.parse(daemon).pid;
    const runs = pid && argvOf(pid).includes('--managed-daemon') && !held(ui?.pid).some((file) => file.includes('/thread-writer-locks/'));
    return { ui: ui?.pid, owner: runs ? pid : ui?.pid };
  },

  sessionId(world, { cwd }) {
    const mine = world.files('sessions').map((file) => beginningOf(world, file)).filter((first) => first.cwd === cwd);
    return mine.length === 1 ? mine[0].id : undefined;
  },

  transcript: (world, id) => world.files('sessions').find((file) => file.endsWith(`-${id}.jsonl`)),
};
