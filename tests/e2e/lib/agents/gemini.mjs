// Gemini CLI: two processes of node (a relauncher, the one that works), and a transcript in JSONL from its start.

import { join } from 'node:path';
import { KEY, MODULES } from '../agent-world.mjs';
import { argvOf, environmentOf } from '../procfs.mjs';

/** The folder of a directory, below the store; undefined: it has none yet. */
const projectOf = (world, cwd) => {
  const slug = world.read('projects.json')?.projects?.[cwd];
  return slug && join('tmp', slug);
};

const headOf = (world, file) => {
  try {
    return JSON.parse(world.read(file).split('\n')[0]);
  } catch {
    return {};
  }
};

export const gemini = {
  name: 'gemini', version: '0.61.0', store: '.gemini',
  records: { version: null }, // it writes none down
  program: () => join(MODULES, '@google', 'gemini-cli', 'bundle', 'gemini.js'),
  environment: ({ api }) => ({ GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: new URL('/', api.url).href.replace(/\/$/, '') }),

  configure(world) {
    world.write('.gemini/settings.json', {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: true } }, model: { name: 'gemini-2.5-pro' },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false }, privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false }, ui: { hideTips: true, hideBanner: true },
    });
  },
  trust(world, cwd) {
    const trusted = world.read('trustedFolders.json') ?? {};
    world.write('.gemini/trustedFolders.json', { ...trusted, [cwd]: 'TRUST_FOLDER' });
  },

  ready: /Type your message/,
  asks: /Allow execution/,
  approves: ['Enter'],
  asksAlways: true, // before a command runs
  interrupts: ['Escape'],
  shell: (command) => ({ name: 'run_shell_command', args: { command, description: 'what the test asks for', is_background: false } }),
  headless: (prompt, id) => ['-p', prompt, '--approval-mode', 'yolo', ...(id ? ['--resume', id] : [])],
  resume: (id) => ['--resume', id],

  pids(world, below) {
    const own = below.find(({ pid }) => argvOf(pid).some((word) => word.endsWith('/gemini')) && environmentOf(pid).GEMINI_CLI_NO_RELAUNCH);
    return { ui: own?.pid, owner: own?.pid };
  },

  sessionId(world, { cwd }) {
    const project = projectOf(world, cwd);
    const ids = new Set(world.files(join(project ?? 'none', 'chats')).map((file) => headOf(world, file).sessionId).filter(Boolean));
    return ids.size === 1 ? [...ids][0] : undefined;
  },

  transcript: (world, id) => world.files('tmp').filter((file) => file.includes('/chats/') && headOf(world, file).sessionId === id)
    .sort((one, two) => world.read(two).length - world.read(one).length)[0],
};
