// A day beside `--watch`, played by real clients: what they are brought to, and what the watcher says of it.
//
//     node watch-day.mjs [MINUTES]        (60; SR_DAY_MINUTES)      make e2e-day
//
// A day is made of scenes, each a state that a client is brought to, for as long as its line has to take to
// come, and of quiet between them. Meanwhile an MCP server starts a short process twice a second. Every line of the watcher
// is judged: it belongs to the scene that runs, it is one that the scene expects, and it is not said twice. Exit status: 0 all
// lines are right and none is missing; 1 not.

import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { bash, reply } from './lib/replies.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import { sleep, until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const MINUTES = Number(process.argv[2] ?? process.env.SR_DAY_MINUTES ?? 60);
const PATIENCE_S = 20; // --timeout: what a person waits ten minutes for
const INTERVAL_S = 2;
const TOLD_WITHIN_MS = (PATIENCE_S + 30) * 1000;
const QUIET_MS = 8000; // after a scene: lines that come late belong to it
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HERE = dirname(fileURLToPath(import.meta.url));
const LOG = process.env.SR_DAY_LOG;
const SHIM = join(dirname(PROGRAM), 'tests/step-clock.so'); // tests/step-clock.c: the watcher's clocks alone

const lines = []; // { at, scene, client, event }
const faults = [];
let clock = { set: 0, slept: 0 };
let scene = 'morning';
let world;
let watcher;

function note(text) {
  console.log(`# ${new Date().toISOString().slice(11, 19)} ${text}`);
}

/** In milliseconds, in sum: how far the wall clock was set, and how long the machine has slept. */
function setClock(set, slept) {
  clock = { set, slept };
  writeFileSync(join(world.root, 'clock'), `${set} ${slept}\n`);
}

function startWatching() {
  let rest = '';
  setClock(0, 0);
  watcher = spawn(PROGRAM, ['--watch', '--json', '--notify', 'none', '--interval', String(INTERVAL_S), '--timeout', String(PATIENCE_S / 60),
    '--config-dir', world.configDir, '--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')],
  { env: { PATH: process.env.PATH, HOME: world.root, LD_PRELOAD: SHIM, STEP_CLOCK_FILE: join(world.root, 'clock') }, stdio: ['ignore', 'pipe', 'inherit'] });
  watcher.stdout.on('data', (data) => {
    const whole = (rest + data).split('\n');
    rest = whole.pop();
    for (const line of whole) take(JSON.parse(line));
  });
}

async function stopWatching() {
  const ended = new Promise((resolve) => watcher.on('exit', resolve));
  watcher.kill('SIGTERM');
  await ended;
}

/** Another watcher, with clocks that never jumped. */
async function watchAnew() {
  const from = lines.length;
  await stopWatching();
  startWatching();
  await until('the next watcher', () => lines.slice(from).some(({ event }) => event.event === 'watching'));
}

function take(event) {
  lines.push({ scene, event, number: lines.length });
  const words = [event.event, event.verdict, event.cause, event.confidence, event.advice, event.how, event.why, event.text].filter(Boolean).join(' ');
  note(`${scene.padEnd(22)} ${words}${event.pid ? ` (pid ${event.pid})` : ''}${event.evidence ? `: ${event.evidence.slice(0, 3).join('; ')}` : ''}`);
  if (LOG) appendFileSync(LOG, `${JSON.stringify({ scene, ...event })}\n`);
}

/**
 * One scene: `play(client)` brings a client to a state; `expects` are the events that must come, in order, each
 * `{ event, causes, advices }`; after `undo` come those of `then`. What comes besides is a fault.
 */
async function run({ name, expects = [], then = [], version, setUp, play, undo, keeps = false, holdMs = 0, client: given }) {
  scene = name;
  const from = lines.length;
  note(`---- ${name}`);
  const client = given ?? await start(name, version, setUp);
  await play(client);
  await allCame(client, from, [...(given ? [] : [{ event: 'session-new' }]), ...expects]);
  await sleep(holdMs);
  const mid = lines.length;
  if (undo) await undo(client);
  await allCame(client, mid, then);
  await sleep(QUIET_MS);
  judge(client, from, [...(given ? [] : [{ event: 'session-new' }]), ...expects, ...then]);
  if (!keeps) await leave(client);
  return client;
}

async function start(name, version, env = {}) {
  const config = { mcpServers: { noisy: { command: process.execPath, args: [join(HERE, 'lib/noisy-server.mjs')] } } };
  const client = await world.startClient({ cwd: world.project(name.replace(/\W+/g, '-')), version, env,
    args: ['--mcp-config', JSON.stringify(config), '--allowedTools', 'Bash'] });
  client.id = await client.sessionId();
  return client;
}

/** The client ends by itself, and the watcher says so. */
async function leave(client) {
  const from = lines.length;
  scene = `${scene}, end`;
  client.signal('SIGCONT');
  client.signal('SIGTERM');
  await allCame(client, from, [{ event: 'session-ended' }]);
  judge(client, from, [{ event: 'session-ended' }]);
}

const isOf = (client) => ({ event }) => event.pid === client.pid || (!event.pid && event.session_id === client.id);
// Backups are no news of a session: they follow from it, and may come at any time after it.
const isNews = ({ event }) => !['backed-up', 'context-full'].includes(event.event);
const fits = (event, want) => event.event === want.event && (!want.causes || want.causes.includes(event.cause)) &&
  (!want.advices || want.advices.includes(event.advice)) && (!want.says || want.says.test(JSON.stringify(event)));

async function allCame(client, from, wanted) {
  for (const want of wanted) {
    try {
      await until(`${want.event} of ${scene}`, () => lines.slice(from).some((line) => isOf(client)(line) && line.event.event === want.event),
        { withinMs: TOLD_WITHIN_MS });
    } catch (error) {
      note(error.message);
    }
  }
}

function judge(client, from, wanted) {
  const left = [...wanted];
  for (const { event } of lines.slice(from).filter((line) => isNews(line) && (isOf(client)(line) || !line.event.pid))) {
    if (['watching', 'stopped'].includes(event.event)) continue;
    if (event.event === 'problem' && !event.text.includes(world.root)) continue; // of others on this machine
    const at = left.findIndex((want) => fits(event, want));
    if (at >= 0) left.splice(at, 1);
    else fault(`not expected: ${JSON.stringify(event)}`);
  }
  for (const want of left) fault(`missing: ${JSON.stringify(want)}`);
}

function fault(text) {
  faults.push({ scene, text });
  note(`FAULT in ${scene}: ${text}`);
}

/** A port on loopback that refuses connections, or, with a queue that is full, swallows their first packets. */
async function deadPort(swallows) {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!swallows) return port;
  const child = spawn('python3', ['-c', `
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', ${port})); s.listen(0)
held = []
for i in range(4):
    c = socket.socket(); c.setblocking(False)
    try: c.connect(('127.0.0.1', ${port}))
    except BlockingIOError: pass
    held.append(c)
print('full', flush=True); time.sleep(100000)`], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return port;
}

const url = (port) => ({ ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`, CLAUDE_CODE_MAX_RETRIES: '100' });
const patience = () => sleep(TOLD_WITHIN_MS);
const STALLS = { event: 'hung', causes: ['reply-stalled', 'no-reply'], advices: ['wait', 'revive'] };
const BACK = { event: 'recovered' };

const scenes = () => [
  { name: 'quiet', play: (c) => c.turn('hello'), holdMs: 15_000 },
  { name: 'stall', play: (c) => c.ask('a question', reply.stall()), expects: [STALLS], then: [BACK],
    undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
  { name: 'stall with pings', play: (c) => c.ask('another', reply.stall({ pingMs: 1000 })), expects: [STALLS], then: [BACK],
    undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
  { name: 'small pieces', play: async (c) => { await c.ask('slowly', reply.slowly({ pieces: 12, everyMs: 9000 })); await patience(); } },
  { name: 'never answered', play: (c) => c.ask('well?', reply.silence()), expects: [{ ...STALLS, causes: ['no-reply'] }],
    undo: (c) => c.press('Escape'), then: [BACK] },
  { name: 'refused, 2.1.197', setUp: 'refused', play: async (c) => { await c.enter('hello?'); await patience(); } },
  { name: 'refused, 2.1.110', setUp: 'refused', version: ON_NODE, play: async (c) => { await c.enter('hello?'); await patience(); } },
  { name: 'swallowed', setUp: 'swallowed', play: (c) => c.enter('hello?'), expects: [{ event: 'hung', causes: ['no-connection'], advices: ['wait'] }],
    undo: (c) => c.press('Escape'), then: [BACK] },
  { name: 'overloaded', play: async (c) => { await c.ask('again', reply.overloaded()); await patience(); } },
  { name: 'usage limit', setUp: 'limit', play: async (c) => { await c.enter('hello?'); await patience(); } },
  { name: 'tool asks', play: (c) => c.ask('ask me', reply.tools([bash('mkfifo f; cat f')])), holdMs: 30_000,
    expects: [{ event: 'hung', causes: ['tool-blocked-on-input'], advices: ['kill-child'] }],
    undo: (c) => c.press('Escape'), then: [BACK] },
  { name: 'long tool', play: async (c) => { await c.ask('work', reply.tools([bash('sleep 60')])); await patience(); } },
  { name: 'stopped', play: async (c) => { await c.turn('hello'); c.signal('SIGSTOP'); }, expects: [{ event: 'session-stopped' }],
    // As a user brings it back: continued in the background, its own write to the terminal would stop it again.
    undo: async (c) => { await c.tmux.type(c.pane.id, 'fg'); await c.press('Enter'); }, then: [{ event: 'session-continued' }] },
  { name: 'killed', keeps: true, play: async (c) => { await c.turn('hello'); await c.kill(); }, expects: [{ event: 'session-ended' }] },
  { name: 'clock set ahead', play: async (c) => { await c.ask('work', reply.tools([bash('sleep 80')])); setClock(clock.set + DAY_MS, clock.slept); await patience(); } },
  { name: 'stall, clock set ahead', play: async (c) => { await c.ask('a question', reply.stall()); setClock(clock.set + DAY_MS, clock.slept); },
    expects: [STALLS], then: [BACK], undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
  { name: 'clock set back', play: async (c) => { await c.turn('hello'); setClock(clock.set - 3 * DAY_MS, clock.slept); }, holdMs: 10_000 },
  // The clients' stamps and the kernel's start times do not move with the watcher's clocks: after each sleep another watcher begins.
  // So a tool cannot hang here after a sleep: by these clocks its process is an hour older than its call.
  { name: 'sleep', restarts: true, play: async (c) => { await c.ask('work', reply.tools([bash('sleep 40')])); setClock(clock.set, clock.slept + HOUR_MS); await patience(); } },
  { name: 'stall, then sleep', restarts: true, play: async (c) => { await c.ask('a question', reply.stall()); await sleep(2 * INTERVAL_S * 1000); setClock(clock.set, clock.slept + HOUR_MS); },
    expects: [STALLS], then: [BACK], undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
  // The watcher saw the machine sleep, and what hangs later is found as soon as ever.
  { name: 'slept before, stall', restarts: true, setUp: 'slept', play: (c) => c.ask('a question', reply.stall()), expects: [STALLS], then: [BACK],
    undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
  { name: 'newest, stall', version: NEWEST, play: (c) => c.ask('a question', reply.stall()), expects: [STALLS], then: [BACK],
    undo: async () => { for (const held of [...world.api.held]) held.finish(); } },
];

async function environmentFor(kind) {
  if (kind === 'refused') return url(await deadPort(false));
  if (kind === 'swallowed') return url(await deadPort(true));
  if (kind === 'limit') return url(world.limited.port);
  if (kind === 'slept') { // the watcher looks in between; today's wall clock stays what it is
    setClock(clock.set - HOUR_MS, clock.slept + HOUR_MS);
    await sleep(3 * INTERVAL_S * 1000);
  }
  return {};
}

async function main() {
  const end = Date.now() + MINUTES * 60_000;
  world = await World.create();
  world.limited = await limitedServer();
  startWatching();
  await until('the watcher', () => lines.length > 0);
  let rounds = 0;
  while (Date.now() < end || rounds === 0) {
    for (const each of scenes()) {
      if (Date.now() >= end && rounds > 0) break;
      if (process.env.SR_DAY_ONLY && !each.name.match(process.env.SR_DAY_ONLY)) continue;
      try {
        await run({ ...each, setUp: await environmentFor(each.setUp) });
        if (each.restarts) await watchAnew();
      } catch (error) {
        fault(`the scene broke: ${error.stack}`);
      }
    }
    rounds++;
  }
  scene = 'evening';
  await stopWatching();
  await world.destroy();
  const news = lines.filter(isNews).length;
  console.log(`# ${MINUTES} min, ${rounds} rounds: ${lines.length} lines, ${news} of them news, ${faults.length} faults`);
  for (const { scene: where, text } of faults) console.log(`not ok - ${where}: ${text}`);
  if (faults.length === 0) console.log('ok - every line is right, and none is said twice');
  process.exit(faults.length ? 1 : 0);
}

/** Answers every request with 429 and the headers by which the API tells of a usage limit. */
async function limitedServer() {
  const { createServer } = await import('node:http');
  const reset = Math.floor(Date.now() / 1000) + 3 * 3600;
  const server = createServer((req, res) => {
    req.resume();
    req.on('end', () => (req.url.startsWith('/v1/messages') ? res.writeHead(429, { 'content-type': 'application/json',
      'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': String(reset),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour' })
      .end(JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' } }))
      : res.writeHead(200).end()));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port };
}

await main();
