// What people add to a client: MCP servers, a status line, hooks, jobs in the background. Each setup is
// what the client is started with, and what is done before it is brought into a state.
//
//     const client = await world.startClient({ cwd, ...setups.statusLine.options(world) });

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descendantsOf } from './procfs.mjs';
import { bash, reply } from './replies.mjs';
import { until } from './wait.mjs';

const SERVER = fileURLToPath(new URL('./mcp-server.sh', import.meta.url));

const server = (name, ...more) => ({ [name]: { command: '/bin/bash', args: [SERVER, name, ...more] } });
const twelve = (...more) => Object.assign({}, ...Array.from({ length: 12 }, (_, i) => server(`server${i + 1}`, ...(i === 4 ? more : []))));

const STATUS_LINE = { statusLine: { type: 'command', command: 'cat >/dev/null; sleep 0.2; echo the status', refreshInterval: 1 } };

const hook = (command, more = {}) => [{ hooks: [{ type: 'command', command, ...more }] }];
// One that computes now and then and that nobody waits for, and short ones that the client does wait for.
const HOOKS = {
  hooks: {
    SessionStart: hook('while sleep 0.3; do :; done', { async: true }),
    UserPromptSubmit: [...hook('while sleep 0.3; do :; done', { async: true }), ...hook('sleep 0.1')],
    PreToolUse: hook('sleep 0.1'),
    PostToolUse: hook('sleep 0.1'),
    Stop: hook('sleep 0.1'),
  },
};

/** A job that goes on for ever, and computes now and then. */
async function startJob(client) {
  await client.turn(`job ${client.pid}`, reply.tools([bash('while sleep 0.25; do :; done', { run_in_background: true })]));
  await until('the job', () => descendantsOf(client.pid).some(({ comm }) => comm === 'sleep'), { look: () => client.screen() });
}

/** name: what is added. `servers` and `settings` go to the client; `prepare` is done once it is up. */
export const SETUPS = {
  bare: {},
  mcpQuiet: { servers: server('server1') },
  mcpBusy: { servers: server('server1', 'noisy'), asksNoisy: true },
  servers12: { servers: twelve('noisy') },
  statusLine: { settings: STATUS_LINE },
  hooks: { settings: HOOKS },
  background: { prepare: startJob },
  everything: { servers: twelve('noisy'), settings: { ...STATUS_LINE, ...HOOKS }, prepare: startJob },
};

let serial = 0;

/** What a client is started with, for a setup. */
export function optionsOf(world, { servers, settings }) {
  const args = ['--permission-mode', 'default', '--allowedTools', 'Bash,mcp__server1,mcp__server2'];
  if (settings) {
    const file = join(world.root, `settings-${++serial}.json`);
    writeFileSync(file, JSON.stringify(settings));
    args.push('--settings', file);
  }
  if (servers) {
    const file = join(world.root, `servers-${++serial}.json`);
    writeFileSync(file, JSON.stringify({ mcpServers: servers }));
    args.push('--mcp-config', file);
  }
  return { args };
}
