// Ending real clients: a stalled stream is killed and its session resumed with its history; what the
// client writes while it ends is in the backup; the terminal is as before; a session is not ended from
// inside itself.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './lib/client.mjs';
import { descendantsOf, isAlive, processOf } from './lib/procfs.mjs';
import { bash, reply } from './lib/replies.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import * as scenarios from './lib/scenarios.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const IMPATIENT = ['--timeout', '0.05'];

const placesOf = (world) => ['--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];

function kill(world, which, ...more) {
  return world.rescue.run(['--kill', String(which), ...IMPATIENT, ...placesOf(world), ...more], [world.configDir]);
}

/** Waits until the program itself calls the client hung: it is to be killed as one. */
async function untilHung(world, client) {
  await until('the client to be called hung', async () =>
    (await world.rescue.sessions(['--status', ...IMPATIENT], [world.configDir]))
      .find(({ pid }) => pid === client.pid)?.verdict === 'hung', { withinMs: 60_000, everyMs: 500 });
}

/** The transcripts in the backups of a session, oldest first. */
function backupsOf(world, id) {
  const pending = join(world.root, 'pending');
  return readdirSync(pending).filter((name) => name.endsWith(`${id}.sha256`)).sort().map((name) => {
    execFileSync('sha256sum', ['--quiet', '-c', name], { cwd: pending });
    return readFileSync(join(pending, name.replace(/sha256$/, 'jsonl')), 'utf8');
  });
}

/** The modes of the pane's terminal, as a command that its shell runs has them. */
async function modesForCommands(world, pane) {
  const out = join(world.root, `stty-${Date.now()}`);
  await world.tmux.type(pane.id, ` stty -a >${out}.part; mv ${out}.part ${out}`);
  await world.tmux.press(pane.id, 'Enter');
  await until('stty to have run', () => existsSync(out), { look: () => world.tmux.screen(pane.id) });
  return readFileSync(out, 'utf8');
}

describe('a stalled stream', () => {
  let world;
  let client;
  let id;
  let transcript;
  let before_;
  let modes;
  let ended;

  before(async () => {
    world = await World.create();
    const cwd = world.project('a directory');
    const pane = await world.openShell(cwd);
    modes = await modesForCommands(world, pane);
    client = await Client.startByTyping(world, pane, world.claudePath(), { cwd });
    await client.turn('remember the word persimmon');
    await client.ask('tell a long story', reply.stall());
    await client.settle('busy');
    id = await client.sessionId();
    transcript = await client.transcript();
    await untilHung(world, client);
    before_ = readFileSync(transcript, 'utf8');
    ended = await kill(world, id.slice(0, 8), '--force');
  });
  after(() => world?.destroy());

  test('is ended, and the run says so', () => {
    assert.equal(ended.status, 0, ended.stderr + ended.stdout);
    assert.equal(isAlive(client.pid), false);
    assert.match(ended.stdout, /Sessions killed: 1/);
    assert.doesNotMatch(ended.stdout, /SIGKILL/);
  });

  test('what the client wrote while it ended is in the backup', () => {
    const after_ = readFileSync(transcript, 'utf8');
    assert.ok(after_.length > before_.length, 'it wrote something while it ended');
    assert.ok(after_.startsWith(before_));
    const backups = backupsOf(world, id);
    assert.equal(backups[0], before_);
    assert.equal(backups.at(-1), after_);
  });

  test('its terminal is as it was, and the shell is back', async () => {
    await until('the prompt of the shell', async () => (await client.screen()).endsWith('$'));
    assert.equal(await modesForCommands(world, client.pane), modes);
  });

  test('resumes by the printed command, with its history', async () => {
    const command = ended.stdout.match(/^ {2}(cd .* --resume .*)$/m)[1];
    const resumed = await Client.startByTyping(world, client.pane, command, { cwd: client.cwd });
    const request = await resumed.ask('which word was it');
    assert.match(JSON.stringify(request.body.messages), /persimmon/);
    assert.match(JSON.stringify(request.body.messages), /tell a long story/);
    assert.equal(await resumed.sessionId(), id);
  });
});

describe('a client that does not end on SIGTERM', () => {
  let world;
  let client;
  let ended;

  before(async () => {
    world = await World.create();
    client = await scenarios.terminalNotRead(world);
    ended = await kill(world, client.pid, '--force', '--grace', '1');
  });
  after(() => world?.destroy());

  test('is ended by SIGKILL with --force, and its registry file is named, not removed', () => {
    assert.equal(isAlive(client.pid), false);
    assert.equal(ended.status, 0, ended.stderr + ended.stdout);
    assert.match(ended.stdout, /has ended by SIGKILL/);
    const registry = join(world.configDir, 'sessions', `${client.pid}.json`);
    assert.ok(ended.stdout.includes(`left behind: ${registry}`), ended.stdout);
    assert.ok(existsSync(registry));
  });
});

describe('a stopped client', () => {
  let world;
  let client;
  before(async () => {
    world = await World.create();
    client = await scenarios.stopped(world);
  });
  after(() => world?.destroy());

  test('is continued, and ends by SIGTERM', async () => {
    const ended = await kill(world, client.pid, '--force');
    assert.equal(ended.status, 0, ended.stderr + ended.stdout);
    assert.equal(isAlive(client.pid), false);
  });
});

describe('a client stopped below its shell', () => {
  let world;
  let client;
  let ended;
  before(async () => {
    world = await World.create();
    client = await scenarios.idle(world);
    client.signal('SIGSTOP');
    await until('the shell to be back', () => processOf(client.pid).state === 'T' && processOf(client.pid).foreground !== processOf(client.pid).group);
    ended = await kill(world, client.pid, '--force', '--grace', '60'); // a slow machine's client ends later
  });
  after(() => world?.destroy());

  test('is brought to the front, and ends there by SIGTERM', () => {
    assert.equal(ended.status, 0, ended.stderr + ended.stdout);
    assert.match(ended.stdout, /typed fg into the shell/);
    assert.doesNotMatch(ended.stdout, /SIGKILL/);
    assert.equal(isAlive(client.pid), false);
  });

  test('leaves no file in the registry, and its terminal as a shell needs it', () => {
    assert.equal(existsSync(join(world.configDir, 'sessions', `${client.pid}.json`)), false);
    assert.match(execFileSync('stty', ['-F', `/dev/${client.tty}`, '-a'], { encoding: 'utf8' }), /(^|\s)isig\s/);
  });
});

describe('a session with a tool and a server', () => {
  let world;
  let client;
  let below;
  let ended;
  before(async () => {
    world = await World.create();
    client = await scenarios.mcpStuck(world);
    below = descendantsOf(client.pid).map(({ pid }) => pid);
    ended = await kill(world, client.pid, '--force');
  });
  after(() => world?.destroy());

  test('takes its helpers with it', () => {
    assert.equal(ended.status, 0, ended.stderr + ended.stdout);
    assert.ok(below.includes(client.server.pid));
    assert.deepEqual(below.filter(isAlive), []);
  });
});

describe('as a tool of the session itself', () => {
  let world;
  let client;
  before(async () => {
    world = await World.create();
    client = await world.startClient({ cwd: world.project('inside'), args: ['--allowedTools', 'Bash'] });
  });
  after(() => world?.destroy());

  test('killing it is refused, with --force too', async () => {
    const out = join(world.root, 'inside.txt');
    const command = `${PROGRAM} --kill ${client.pid} --force --config-dir ${world.configDir} ${placesOf(world).join(' ')} >${out} 2>&1; echo "status $?" >>${out}`;
    await client.turn('kill yourself', reply.tools([bash(command)]));
    const said = readFileSync(out, 'utf8');
    assert.match(said, /refused: pid \d+ is the session that this program runs in/);
    assert.match(said, /^status 4$/m);
    assert.equal(isAlive(client.pid), true);
    assert.equal(existsSync(join(world.root, 'pending')), false);
  });
});
