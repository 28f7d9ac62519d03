// Qwen Code: three processes of node (a launcher, a relauncher, the one that works), a transcript in JSONL, and sessions/<pid>.json.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KEY, MODULES } from '../agent-world.mjs';
import { argvOf, environmentOf } from '../procfs.mjs';

const PACKAGE = join(MODULES, '@qwen-code', 'qwen-code');
/** 0.15 has no launcher. */
const isOld = () => !existsSync(join(PACKAGE, 'cli-entry.js'));

export const qwen = {
  name: 'qwen', version: '0.24.4', store: '.qwen',
  program: () => (isOld() ? join(PACKAGE, 'cli.js') : join(PACKAGE, 'cli-entry.js')),
  environment: ({ api }) => ({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: api.url, OPENAI_MODEL: 'model',
    ...(isOld() && { HTTP_PROXY: '', HTTPS_PROXY: '' }) }), // it asks a proxy for loopback too

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
    const own = below.find(({ pid }) => world.read(`sessions/${pid}.json`)) // one of a year ago writes none
      ?? below.findLast(({ pid }) => environmentOf(pid).QWEN_CODE_NO_RELAUNCH && /\/qwen(-code\/cli\.js)?$/.test(argvOf(pid).find((word, n) => n && !word.startsWith('-'))));
    return { ui: own?.pid, owner: own?.pid };
  },

  sessionId(world, client) {
    const { owner } = client.pids();
    const stored = world.files(`projects/${client.cwd.replace(/[^a-zA-Z0-9]/g, '-')}/chats`).filter((file) => file.endsWith('.jsonl'));
    return world.read(`sessions/${owner}.json`)?.sessionId ?? (owner && stored.length === 1 ? basename(stored[0], '.jsonl') : undefined);
  },

  /** The transcript of a session, below the store. */
  transcript: (world, id) => world.files('projects').find((file) => file.endsWith(`/${id}.jsonl`)),
};
