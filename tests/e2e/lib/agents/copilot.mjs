// GitHub Copilot CLI: a loader in node, and a native program that holds session-state/<id>/inuse.<pid>.*

import { basename, dirname, join } from 'node:path';
import { readlinkSync } from 'node:fs';
import { KEY, MODULES } from '../agent-world.mjs';

const exeOf = (pid) => {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return null;
  }
};

export const copilot = {
  name: 'copilot', version: '1.0.102', store: '.copilot',
  program: () => join(MODULES, '@github', 'copilot', 'npm-loader.js'),
  environment: ({ api }) => ({
    COPILOT_PROVIDER_BASE_URL: api.url, COPILOT_PROVIDER_TYPE: 'openai', COPILOT_PROVIDER_API_KEY: KEY, COPILOT_MODEL: 'model',
    COPILOT_OFFLINE: 'true', COPILOT_AUTO_UPDATE: 'false', COPILOT_PROVIDER_MAX_PROMPT_TOKENS: '200000',
    COPILOT_PROVIDER_MAX_OUTPUT_TOKENS: '32000',
  }),

  configure(world) {
    world.trusted = [];
  },
  trust(world, cwd) {
    if (world.trusted.includes(cwd)) return; // it writes that file itself, with comments, once it has run
    world.trusted.push(cwd);
    world.write('.copilot/config.json', { banner: 'never', trustedFolders: world.trusted, autoUpdate: false, firstLaunchAt: '2026-01-01T00:00:00.000Z' });
  },

  ready: /\? help/,
  asks: /Do you want to run/,
  approves: ['Enter'],
  asksAlways: true, // before a command runs
  interrupts: ['Escape', 'Escape'],
  shell: (command) => ({ name: 'bash', args: { command, description: 'what the test asks for', mode: 'sync', initial_wait: 600 } }),
  headless: (prompt, id) => ['-p', prompt, '--allow-all-tools', ...(id ? [`--resume=${id}`] : [])],
  resume: (id) => [`--resume=${id}`],

  pids(world, below) {
    const natives = below.filter(({ pid }) => exeOf(pid) === 'copilot');
    const locks = world.files('session-state').map((file) => /inuse\.(\d+)\./.exec(file)?.[1]).map(Number);
    const own = natives.find(({ pid }) => locks.includes(pid)) ?? natives.at(-1);
    return { ui: own?.pid, owner: own?.pid };
  },

  sessionId(world, client) {
    const { owner } = client.pids();
    const lock = world.files('session-state').find((file) => file.includes(`/inuse.${owner}.`));
    return lock && basename(dirname(lock));
  },

  transcript: (world, id) => world.files('session-state').find((file) => file.endsWith(`${id}/events.jsonl`)),
};
