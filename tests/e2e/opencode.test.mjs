// opencode, the real client, against a scripted model: what is said of it while it waits, generates and runs a tool, and
// that its rows are copied whole while it writes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AgentWorld, noAgents } from './lib/agent-world.mjs';
import { opencode } from './lib/agents/opencode.mjs';
import { until } from './lib/wait.mjs';

describe('opencode', { timeout: 600_000, skip: noAgents }, () => {
  let world, cwd, client, killed;

  before(async () => {
    world = await AgentWorld.create(opencode);
    cwd = world.folder('project');
    client = await world.start(cwd);
  });
  after(() => world?.close());

  const look = (...args) => world.look(...args);
  const mine = async (...args) => (await look(...args)).sessions.find(({ pid }) => pid === client.pids().owner);
  const becomes = (what, holds, ...args) => {
    let seen;
    return until(what, async () => {
      seen = await mine(...args);
      return seen && holds(seen) && seen;
    }, { withinMs: 60_000, look: () => JSON.stringify(seen, null, 1) });
  };

  test('before its first prompt it is there, and has no session', async () => {
    const session = await mine();
    assert.equal(session.agent, 'opencode');
    assert.equal(session.session_id, null);
    assert.equal(session.mapping.confidence, 'none');
    assert.notEqual(session.verdict, 'hung');
  });

  test('idle: mapped by what it has written, its turn over', async () => {
    await client.say('hello there');
    const session = await becomes('idle', ({ verdict }) => verdict === 'idle');
    assert.match(session.session_id, /^ses_/);
    assert.deepEqual([session.mapping.by, session.mapping.confidence], ['transcript', 'likely']);
    assert.equal(session.cwd, cwd);
    assert.equal(session.first_prompt, 'hello there');
    assert.equal(session.version, '1.18.33');
    assert.equal(session.context_tokens, 110);
  });

  test('generating: never hung, whatever the patience', async () => {
    await client.say('now [[stall]]');
    const session = await becomes('a turn that is open', ({ verdict }) => verdict !== 'idle', '--timeout', '0');
    assert.ok(['working', 'unknown'].includes(session.verdict), session.verdict);
    for (let n = 0; n < 5; n++) assert.equal((await look('--timeout', '0')).counts.hung, 0);
    world.api.release();
    await becomes('idle again', ({ verdict }) => verdict === 'idle');
  });

  test('a tool that runs is told by its name, and copied with the rest', async () => {
    await client.say('then [[run sleep 300]]');
    const session = await becomes('an open tool', ({ evidence, children }) => children.length > 0 && evidence.some((line) => line.includes('bash')), '--timeout', '0');
    assert.ok(['working', 'unknown'].includes(session.verdict), session.verdict);
    const { status, stderr } = await world.rescue.run(['--export', session.session_id, '--pending-dir', world.pending,
      '--log-dir', join(world.root, 'log')], [world.store]);
    assert.equal(status, 0, stderr);
    const stem = readdirSync(world.pending).find((name) => name.endsWith('.sha256')).replace('.sha256', '');
    assert.ok(stem.endsWith(`-LOSSLESS-opencode-${session.session_id}`));
    execFileSync('sha256sum', ['--quiet', '-c', `${stem}.sha256`], { cwd: world.pending });
    const lines = readFileSync(join(world.pending, `${stem}.jsonl`), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    // as the client itself tells it, while it runs: the same messages, the same parts
    const told = JSON.parse((await world.run(cwd, 'export', session.session_id)).stdout.replace(/^[^{]*/, ''));
    const rows = (table) => lines.filter((line) => line.table === table).map(({ row }) => row.id).sort();
    assert.deepEqual(rows('message'), told.messages.map(({ info }) => info.id).sort());
    assert.deepEqual(rows('part'), told.messages.flatMap(({ parts }) => parts.map(({ id }) => id)).sort());
    assert.ok(lines.some(({ table, row }) => table === 'part' && row.data.includes('"running"')));
    assert.ok(!lines.some(({ table }) => ['account', 'credential', 'control_account'].includes(table)));
  });

  test('ended with a tool at work: the tool ends, and no part is left running', async () => {
    const { session_id: id } = await mine();
    const { owner } = client.pids();
    killed = id;
    const { status, stdout, stderr } = await world.act('--kill', id, '--force');
    assert.equal(status, 0, stderr + stdout);
    await until('it has ended, and its tool', () => !world.processes().some(({ pid, comm }) => pid === owner || comm === 'sleep'));
    const told = JSON.parse((await world.run(cwd, 'export', id)).stdout.replace(/^[^{]*/, ''));
    const { parts } = told.messages.find(({ parts: all }) => all.some(({ type }) => type === 'tool'));
    assert.ok(['completed', 'error'].includes(parts.find(({ type }) => type === 'tool').state.status));
    assert.equal(told.messages.at(-1).info.error.name, 'MessageAbortedError');
  });

  test('stored: its command resumes it', async () => {
    const id = killed;
    await client.close();
    const stored = await until('nobody has it', async () => {
      const { json } = await world.rescue.run(['--resume', '--json'], [world.store]);
      return json.sessions.find((session) => session.session_id === id && session.resume_command);
    }, { withinMs: 60_000 });
    const command = stored.resume_command.replace(/^cd \S+ && /, '').replace('opencode --session', 'opencode run --session');
    assert.match(command, new RegExp(`opencode run --session ${id}$`));
    await world.shell(`${stored.resume_command.split(' && ')[0]} && ${command} "and again"`);
    assert.ok(world.api.requests.at(-1).prompt.includes('and again'));
  });

  test('put back: the same to the client, beside its other sessions, and in a home that never had it', async () => {
    const ids = await Promise.all(['one', 'two'].map(async (name) => {
      const own = world.folder(name);
      await world.print(own, `remember MARK-${name} [[run echo ran-${name}]] [[say ANSWER-${name}]]`);
      return opencode.sessionId(world, { cwd: own });
    }));
    const told = async (where, id) => JSON.parse((await where.run(where.folder('project'), 'export', id)).stdout.replace(/^[^{]*/, ''));
    const [was, other] = [await told(world, ids[0]), await told(world, ids[1])];
    assert.ok(JSON.stringify(was).includes('MARK-one') && JSON.stringify(was).includes('ran-one'));
    assert.equal((await world.act('--export', ids[0])).status, 0);
    await world.run(cwd, 'session', 'delete', ids[0]);
    assert.equal(await opencode.sessionId(world, { cwd: world.folder('one') }), undefined);
    const restored = await world.act('--restore', ids[0]);
    assert.equal(restored.status, 0, restored.stderr);
    assert.match(restored.stdout, /as rows/);
    assert.deepEqual(await told(world, ids[0]), was);
    assert.deepEqual(await told(world, ids[1]), other);

    const fresh = await AgentWorld.create(opencode);
    try {
      const backup = readdirSync(world.pending).find((name) => name.endsWith('.sha256') && name.includes(ids[0])).replace('.sha256', '');
      const put = () => fresh.rescue.run(['--restore', join(world.pending, backup), '--pending-dir', world.pending, '--log-dir', fresh.log], [fresh.store]);
      const early = await put();
      assert.equal(early.status, 4, early.stderr);
      assert.match(early.stderr, /run opencode there once/);
      await fresh.run(fresh.folder('project'), 'session', 'list');
      const late = await put();
      assert.equal(late.status, 0, late.stderr);
      assert.deepEqual(await told(fresh, ids[0]), was);
    } finally {
      await fresh.close();
    }
  });

  test('a server is listed, and which sessions it has is not made up', async () => {
    const server = world.spawn(cwd, 'serve', '--port', '0');
    const session = await until('the server', async () => (await look()).sessions.find(({ pid }) => pid === server.pid), { withinMs: 60_000 });
    assert.equal(session.kind, 'server');
    assert.equal(session.session_id, null);
    server.kill('SIGKILL');
  });
});
