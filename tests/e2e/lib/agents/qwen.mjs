// Qwen Code: three processes of node (a launcher, a relauncher, the one that works), a transcript in JSONL, and sessions/<pid>.json.

import { join } from 'node:path';
import { KEY, MODULES } from '../agent-world.mjs';

export const qwen = {
  name: 'qwen', version: '0.24.4', store: '.qwen',
  program: () => join(MODULES, '@qwen-code', 'qwen-code', 'cli-entry.js'),
  environment: ({ api }) => ({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: api.url, OPENAI_MODEL: 'model' }),

  configure(world) {
    world.write('.qwen/settings.json', {
      security: { auth: { selectedType: 'openai' }, folderTrust: { enabled: false } }, model: { name: 'model' },
      tools: { approvalMode: 'default' }, memory: { enableManagedAutoMemory: false, enableManagedAutoDream: false },
      general: { enableAutoUpdate: false }, privacy: { usageStatisticsEnabled: false }, telemetry: { enabled: false },
      ui: { hideTips: true, enableFollowupSuggestions: false, enableWelcomeBack: false },
    });
  },

  ready: /Type your message/,
  asks: /Allow execution/,
  approves: ['Enter'],
  asksAlways: true, // before a command runs
  interrupts: ['Escape'],
  // It refuses a command that begins with a long sleep.
  shell: (command) => ({ name: 'run_shell_command', args: { command, description: 'what the test asks for', is_background: false, timeout: 600_000 } }),
  headless: (prompt, id) => ['-p', prompt, '--approval-mode', 'yolo', ...(id ? ['--resume', id] : [])],
  resume: (id) => ['--resume', id],

  pids(world, below) {
    const own = below.find(({ pid }) => world.read(`sessions/${pid}.json`));
    return { ui: own?.pid, owner: own?.pid };
  },

  sessionId(world, client) {
    const { owner } = client.pids();
    return owner && world.read(`sessions/${owner}.json`)?.sessionId;
  },

  /** The transcript of a session, below the store. */
  transcript: (world, id) => world.files('projects').find((file) => file.endsWith(`/${id}.jsonl`)),
};
