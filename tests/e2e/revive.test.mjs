// Real clients that hang, revived in place: the same process goes on with its conversation, and nothing
// that was on disk before is lost. Beside each, what must not be pushed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { argvOf, descendantsOf, isAlive, processOf } from './lib/procfs.mjs';
import { bash, reply, withDirective } from './lib/replies.mjs';
import * as scenarios from './lib/scenarios.mjs';
import { TlsProxy } from './lib/tls-proxy.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const MCP_SERVER = fileURLToPath(new URL('./lib/mcp-server.mjs', import.meta.url));
// 2.1.330 begins in a mode whose check of each call asks the vendor's server.
const allowBash = (version) => [...(version === NEWEST ? ['--permission-mode', 'default'] : []), '--allowedTools', 'Bash'];
const IMPATIENT = ['--timeout', '0.05'];

const placesOf = (world) => ['--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];

function revive(world, client, ...more) {
  return world.rescue.run(['--revive', String(client.pid), ...IMPATIENT, ...placesOf(world), ...more], [world.configDir]);
}

async function judged(world, client, timeout = IMPATIENT) {
  const sessions = await world.rescue.sessions(['--status', ...timeout], [world.configDir]);
  return sessions.find(({ pid }) => pid === client.pid);
}

/** Waits until the program itself says so: it acts on nothing else. (On a starved machine a client that has just
 *  begun to stand still may be called spinning first.) */
function untilJudged(world, client, verdict, cause) {
  return until(`the client to be called ${verdict}`, async () => {
    const session = await judged(world, client);
    return session?.verdict === verdict && (!cause || session.cause === cause);
  },
    { withinMs: 60_000, everyMs: 500, look: async () => JSON.stringify(await judged(world, client)) });
}

/** A turn behind it, and one in which the reply that comes is `answer`; a second try gets a whole one. */
async function standingStill(world, name, answer, options = {}) {
  const client = await world.startClient({ cwd: world.project(name), ...options });
  await client.turn('remember the word persimmon');
  client.prompt = `question of ${name}`;
  const endRule = world.api.when((r) => r.isTurn && r.text.includes(client.prompt), answer);
  client.held = await world.api.waitHeld(await client.ask(client.prompt));
  endRule();
  client.startTicks = processOf(client.pid).startTicks;
  return client;
}

const recordsOf = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** The transcript of the newest backup of a session, its sums checked. */
function newestBackup(world, id) {
  const pending = join(world.root, 'pending');
  const name = readdirSync(pending).filter((file) => file.endsWith(`${id}.sha256`)).sort().at(-1);
  execFileSync('sha256sum', ['--quiet', '-c', name], { cwd: pending });
  return readFileSync(join(pending, name.replace(/sha256$/, 'jsonl')), 'utf8');
}

/** The same process, with all that was on disk, ends its turn and takes the next one. */
async function goesOn(world, client) {
  assert.equal(processOf(client.pid)?.startTicks, client.startTicks, 'it is the same process');
  const transcript = await client.transcript();
  await until('the turn to end', () => recordsOf(readFileSync(transcript, 'utf8'))
    .some(({ type, message }) => type === 'assistant' && JSON.stringify(message.content).includes('Understood again')),
  { look: () => client.screen() });
  const now = readFileSync(transcript, 'utf8');
  for (const line of newestBackup(world, await client.sessionId()).split('\n').filter(Boolean))
    assert.ok(now.includes(line), `it is still there: ${line}`);
  const request = await client.ask('which word was it');
  assert.match(JSON.stringify(request.body.messages), /persimmon/);
  assert.match(JSON.stringify(request.body.messages), new RegExp(client.prompt));
}

const ANSWER = reply.text('Understood again.');

const STALLS = {
  'a stalled stream': { version: MAIN, answer: reply.stall(), cause: 'reply-stalled' },
  'a stalled stream over TLS': { version: MAIN, answer: reply.stall(), cause: 'reply-stalled', overTls: true },
  'a stalled stream, the newest client': { version: NEWEST, answer: reply.stall(), cause: 'reply-stalled' },
  'a stream that brings only pings, a client on node': { version: ON_NODE, answer: reply.stall({ pingMs: 1000 }), cause: 'reply-stalled' },
  'a request that is never answered': { version: MAIN, answer: reply.silence(), cause: 'no-reply' },
};

for (const [name, { version, answer, cause, overTls }] of Object.entries(STALLS)) {
  describe(name, () => {
    let world;
    let tls;
    let client;
    let done;

    before(async () => {
      world = await World.create();
      tls = overTls ? await TlsProxy.listen(world) : null;
      client = await standingStill(world, 'stalled', answer, { version, env: tls?.env });
      world.api.when((r) => r.isTurn && r.text.includes(client.prompt), ANSWER);
      await untilJudged(world, client, 'hung');
      done = await revive(world, client, '--force', '--json');
    });
    after(async () => {
      await world?.destroy();
      await tls?.close();
    });

    test('is moved by closing its connection', (t) => {
      assert.equal(done.status, 0, done.stderr);
      assert.equal(done.json.outcome, 'revived');
      assert.equal(done.json.cause, cause);
      assert.equal(done.json.push, 'close-connection');
      t.diagnostic(done.json.movement);
    });

    test('goes on in the same process, with all that it had', () => goesOn(world, client));
  });
}

describe('a client whose reply arrives', () => {
  let world;
  let client;
  before(async () => {
    world = await World.create();
    client = await scenarios.generating(world);
  });
  after(() => world?.destroy());

  test('is not pushed, with --force neither, and its connection lives on', async () => {
    const request = world.api.requests.at(-1);
    const { length } = world.api.requests;
    const sent = request.sent;
    const done = await revive(world, client, '--force', '--json');
    assert.equal(done.status, 4, done.stderr);
    assert.match(done.stderr, /refused: pid \d+ is not hung \(working, generating\)/);
    await until('more of the reply', () => request.sent > sent);
    assert.equal(world.api.requests.length, length);
    assert.equal(existsSync(join(world.root, 'pending')), false);
  });
});

// ---- other pushes: several clients at once, each pushed in its turn ----

const start = (world, name, options) => world.startClient({ cwd: world.project(name), ...options });

/** A tool that waits for input, after a line of output; what the turn goes on with. */
async function toolBlocked(world, { version = MAIN } = {}) {
  const client = await start(world, `tool-${version}`, { version, args: allowBash(version) });
  await client.turn('remember the word persimmon');
  client.prompt = 'run the tool';
  await client.ask(client.prompt, reply.tools([bash('echo partial; mkfifo input && cat input', { timeout: 600_000 })], { then: ANSWER }));
  client.tool = await until('cat below the client', () => descendantsOf(client.pid).find(({ comm }) => comm === 'cat'));
  return client;
}

/** One of two servers does not answer. */
async function serverStuck(world, { version = MAIN } = {}) {
  const server = (name) => ({ command: process.execPath, args: [MCP_SERVER, name] });
  const config = { mcpServers: { scripted: server('scripted'), another: server('another') } };
  const client = await start(world, `servers-${version}`, { version, args: ['--mcp-config', JSON.stringify(config), '--allowedTools', 'mcp__scripted'] });
  await client.turn('remember the word persimmon');
  client.prompt = 'ask the server';
  await client.ask(client.prompt, reply.tools([{ name: 'mcp__scripted__hang', input: {} }], { then: ANSWER }));
  client.servers = await until('both servers', () => {
    const found = descendantsOf(client.pid).filter(({ pid }) => argvOf(pid).includes(MCP_SERVER));
    return found.length === 2 && found;
  }, { withinMs: 60_000, look: () => client.screen() });
  return client;
}

/** A hook has ended, and what it left in the background has its output. (2.1.330 does not wait for that.) */
async function hookLeftBehind(world, { version = MAIN } = {}) {
  const command = '[ -e armed ] && rm armed || exit 0; sleep 300 & echo $! >holder';
  const settings = { hooks: { PreToolUse: [{ hooks: [{ type: 'command', command, timeout: 600 }] }] } };
  const client = await start(world, `hook-${version}`, { version, args: ['--settings', JSON.stringify(settings), ...allowBash(version)] });
  await client.turn('remember the word persimmon');
  writeFileSync(join(client.cwd, 'armed'), '');
  client.prompt = 'run what has a hook';
  await client.enter(withDirective(client.prompt, reply.tools([bash('echo used')], { then: ANSWER })));
  const holder = join(client.cwd, 'holder');
  client.tool = await until('the process that is left', () => existsSync(holder) && processOf(Number(readFileSync(holder, 'utf8'))),
    { look: () => client.screen() });
  return client;
}

/** Stopped below a shell, which has taken the terminal, in the middle of a reply. */
async function stoppedBelowShell(world) {
  const client = await standingStill(world, 'stopped', reply.stall());
  client.signal('SIGSTOP');
  await until('the client to be stopped, and the shell to be back', () => processOf(client.pid).state === 'T' && processOf(client.pid).foreground !== processOf(client.pid).group);
  return client;
}

/** Its terminal is as for a shell command. */
async function terminalCooked(world) {
  const client = await start(world, 'cooked');
  await client.turn('remember the word persimmon');
  execFileSync('stty', ['-F', `/dev/${client.tty}`, 'sane']);
  return client;
}

/** Its terminal has one row. */
async function terminalFlat(world) {
  const client = await start(world, 'flat');
  await client.turn('remember the word persimmon');
  execFileSync('stty', ['-F', `/dev/${client.tty}`, 'rows', '1', 'cols', '145']);
  return client;
}

const modesOf = (client) => execFileSync('stty', ['-F', `/dev/${client.tty}`, '-a'], { encoding: 'utf8' });

const PUSHED = {
  'a tool that waits for input': { scene: toolBlocked, cause: 'tool-blocked-on-input', push: 'end-tool' },
  'one MCP server of two that does not answer': { scene: serverStuck, cause: 'mcp-stuck', push: 'end-server' },
  'a process that a hook left behind': { scene: hookLeftBehind, cause: 'pipe-held', push: 'end-pipe-holder' },
  'a client stopped below its shell': { scene: stoppedBelowShell, verdict: 'stopped', push: 'foreground' },
  'a terminal that lost its raw mode': { scene: terminalCooked, verdict: 'idle', push: 'raw-mode' },
  'a terminal of one row': { scene: terminalFlat, verdict: 'idle', push: 'window-size' },
};

/** Inside a suite: each scene in a client of its own, and the push that revives it. Returns { world, clients }. */
function pushEach(scenes, { oneByOne = false } = {}) {
  const all = { clients: {} };
  before(async () => {
    all.world = await World.create();
    const begin = async ([name, { scene, ...options }]) => {
      all.clients[name] = await scene(all.world, options);
      all.clients[name].startTicks = processOf(all.clients[name].pid).startTicks;
    };
    if (oneByOne) for (const entry of Object.entries(scenes)) await begin(entry);
    else await Promise.all(Object.entries(scenes).map(begin));
  });
  after(() => all.world?.destroy());

  for (const [name, { verdict = 'hung', cause, push }] of Object.entries(scenes)) {
    test(`${name}: ${push}`, async (t) => {
      await untilJudged(all.world, all.clients[name], verdict, cause);
      const done = await revive(all.world, all.clients[name], '--force', '--json');
      assert.equal(done.status, 0, done.stderr);
      assert.equal(done.json.outcome, 'revived');
      assert.equal(done.json.push, push, done.stderr);
      t.diagnostic(done.json.movement);
    });
  }
  return all;
}

describe('a client', () => {
  const all = pushEach(PUSHED);
  const { clients } = all;

  test('a tool that waits for input: its partial output is recorded, and the turn goes on', async () => {
    const client = clients['a tool that waits for input'];
    assert.equal(isAlive(client.tool.pid), false);
    await goesOn(all.world, client);
    assert.match(readFileSync(await client.transcript(), 'utf8'), /partial/);
  });

  test('a process that a hook left behind: it is gone, and the turn goes on', async () => {
    const client = clients['a process that a hook left behind'];
    assert.equal(isAlive(client.tool.pid), false);
    await goesOn(all.world, client);
  });

  test('one MCP server of two that does not answer: the other runs on, and the turn goes on', async () => {
    const client = clients['one MCP server of two that does not answer'];
    assert.deepEqual(client.servers.filter(({ pid }) => isAlive(pid)).map(({ pid }) => argvOf(pid).at(-1)), ['another']);
    await goesOn(all.world, client);
  });

  test('a client stopped below its shell: it goes on with the reply, and keys arrive', async () => {
    assert.match(modesOf(clients['a client stopped below its shell']), / -icanon/);
    const client = clients['a client stopped below its shell'];
    client.held.finish();
    await client.settle('idle');
    assert.equal(processOf(client.pid).startTicks, client.startTicks);
    assert.match(JSON.stringify((await client.ask('which word was it')).body.messages), /persimmon/);
  });

  test('a terminal that lost its raw mode: keys arrive again', async () => {
    const client = clients['a terminal that lost its raw mode'];
    assert.match(modesOf(client), / -icanon/);
    assert.match(JSON.stringify((await client.ask('which word was it')).body.messages), /persimmon/);
    assert.equal(processOf(client.pid).startTicks, client.startTicks);
  });

  test('a terminal of one row: it has room again, and its columns', () => {
    assert.match(modesOf(clients['a terminal of one row']), /rows 24; columns 145/);
  });
});

const ON_NEWEST = {
  'a tool that waits for input': { scene: toolBlocked, version: NEWEST, cause: 'tool-blocked-on-input', push: 'end-tool' },
  'one MCP server of two that does not answer': { scene: serverStuck, version: NEWEST, cause: 'mcp-stuck', push: 'end-server' },
};

describe('the newest client', () => {
  const all = pushEach(ON_NEWEST, { oneByOne: true });
  for (const name of Object.keys(ON_NEWEST))
    test(`${name}: the turn goes on`, () => goesOn(all.world, all.clients[name]));
});

describe('a client whose terminal nobody reads', () => {
  let world;
  let client;
  before(async () => {
    world = await World.create();
    client = await scenarios.terminalNotRead(world);
    client.startTicks = processOf(client.pid).startTicks;
  });
  after(() => world?.destroy());

  test('goes on when its reader, which was stopped, is continued', async (t) => {
    await untilJudged(world, client, 'hung');
    const done = await revive(world, client, '--force', '--json');
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.json.push, 'continue-reader');
    assert.match(done.stderr, /send SIGCONT to tmux: server \(pid \d+\), which reads the terminal pts\/\d+ and is stopped/);
    t.diagnostic(done.json.movement);
    await client.settle('idle');
    assert.equal(processOf(client.pid).startTicks, client.startTicks);
  });
});

describe('Escape', () => {
  let world;
  let inTmux;
  let elsewhere;
  let dialog;
  before(async () => {
    world = await World.create();
    [inTmux, elsewhere, dialog] = await Promise.all([
      standingStill(world, 'in-tmux', reply.stall()),
      standingStill(world, 'elsewhere', reply.stall(), { version: NEWEST, env: { TMUX: '' } }),
      scenarios.permissionPrompt(world),
    ]);
  });
  after(() => world?.destroy());

  for (const [name, clientOf, way] of [['through tmux', () => inTmux, 'through tmux'], ['by TIOCSTI', () => elsewhere, 'by TIOCSTI']]) {
    test(`${name}: the half reply is written down, and the prompt is back`, async (t) => {
      const client = clientOf();
      await untilJudged(world, client, 'hung');
      const done = await revive(world, client, '--escape', '--force', '--json');
      assert.equal(done.status, 0, done.stderr);
      assert.equal(done.json.push, 'escape');
      assert.ok(done.stderr.includes(`press Escape on ${client.tty}, ${way}`), done.stderr);
      t.diagnostic(done.json.movement);
      const transcript = await client.transcript();
      await until('the half reply on disk', () => {
        const text = readFileSync(transcript, 'utf8');
        return text.includes('Sentence 00') && text.includes('[Request interrupted by user]');
      });
      assert.equal(processOf(client.pid).startTicks, client.startTicks);
      assert.match(JSON.stringify((await client.ask('which word was it')).body.messages), /persimmon/);
    });
  }

  test('never into a dialog', async () => {
    const screen = await dialog.screen();
    for (const more of [[], ['--escape']]) {
      const done = await revive(world, dialog, '--force', ...more);
      assert.equal(done.status, 4, done.stderr);
      assert.match(done.stderr, /refused: pid \d+ waits for you \(permission-prompt\)/);
    }
    assert.equal(await dialog.screen(), screen);
  });
});
