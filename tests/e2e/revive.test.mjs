// Real clients that hang, revived in place: the same process goes on with its conversation, and nothing
// that was on disk before is lost. Beside each, what must not be pushed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { isAlive, processOf } from './lib/procfs.mjs';
import { reply } from './lib/replies.mjs';
import * as scenarios from './lib/scenarios.mjs';
import { TlsProxy } from './lib/tls-proxy.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const IMPATIENT = ['--timeout', '0.05'];

const placesOf = (world) => ['--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];

function revive(world, client, ...more) {
  return world.rescue.run(['--revive', String(client.pid), ...IMPATIENT, ...placesOf(world), ...more], [world.configDir]);
}

async function judged(world, client, timeout = IMPATIENT) {
  const sessions = await world.rescue.sessions(['--status', ...timeout], [world.configDir]);
  return sessions.find(({ pid }) => pid === client.pid);
}

/** Waits until the program itself says so: it acts on nothing else. */
function untilJudged(world, client, verdict) {
  return until(`the client to be called ${verdict}`, async () => (await judged(world, client))?.verdict === verdict,
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
