// Backups against the real client: exported in the middle of a reply, killed, restored somewhere else, and
// resumed; what the API is then asked holds the same history.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bash, reply } from './lib/replies.mjs';
import { NEWEST } from './lib/pinned-clients.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

describe('export', async () => {
  let world;
  let client;
  let id;
  let pending;
  let transcript; // as it was when it was exported

  const places = () => ['--pending-dir', pending, '--log-dir', join(world.root, 'log')];
  const rescue = (args, dirs) => world.rescue.run([...args, ...places()], dirs);

  /** What a resumed session asks the API for: the texts of its messages. */
  async function historyAfterResuming({ session, configDir, cwd, version, prompt }) {
    await world.print({ cwd, configDir, version, prompt, args: ['--resume', session] });
    const request = await world.api.waitFor((r) => r.isTurn && r.text.includes(prompt));
    return JSON.stringify(request.body.messages);
  }

  function assertWholeHistory(history) {
    for (const words of ['the first prompt', 'a word: marmalade', 'list the files', 'file-one.txt'])
      assert.ok(history.includes(words), `the model does not hear "${words}" any more`);
  }

  test('the scene is set up: two turns, a tool call, and a reply that stands still', async () => {
    world = await World.create();
    pending = join(world.root, 'pending');
    client = await world.startClient({ cwd: world.project('exported'), args: ['--allowedTools', 'Bash'] });
    await client.turn('the first prompt', reply.text('a word: marmalade'));
    await client.turn('list the files', reply.tools([bash('echo file-one.txt')]));
    client.held = await world.api.waitHeld(await client.ask('a question that is never answered', reply.stall()));
    await client.settle('busy');
    id = await client.sessionId();
    await until('the question on disk', async () => readFileSync(await client.transcript(), 'utf8').includes('never answered'));
  });

  test('a session in the middle of a reply is exported whole', async () => {
    const path = await client.transcript();
    const before = statSync(path);
    const { status, stdout, stderr } = await rescue(['--export', String(client.pid)], [world.configDir]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Sessions detected: 1\nSessions exported: 1\n/);
    assert.match(stdout, new RegExp(`is held by pid ${client.pid}`));
    const name = readdirSync(pending).find((file) => file.endsWith('.jsonl'));
    transcript = readFileSync(path);
    assert.deepEqual(readFileSync(join(pending, name)), transcript);
    assert.equal(statSync(path).mtimeMs, before.mtimeMs);
    execFileSync('sha256sum', ['--strict', '--quiet', '-c', name.replace(/jsonl$/, 'sha256')], { cwd: pending });
  });

  test('while the client lives, the session is not restored over it', async () => {
    const { status, stderr } = await rescue(['--restore', id], [world.configDir]);
    assert.equal(status, 4);
    assert.match(stderr, new RegExp(`pid ${client.pid}`));
  });

  test('an export leaves the client at its work', async () => {
    client.held.finish();
    const path = await client.transcript();
    await until('the reply on disk', () => statSync(path).size > transcript.length);
    await client.settle('idle');
  });

  test('restored into an empty config directory, the client resumes it with its history', async () => {
    await client.kill();
    const configDir = world.addConfigDir('restored');
    const { status, stdout, stderr } = await rescue(['--restore', id], [configDir]);
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(`claude --resume ${id}`));
    assert.deepEqual(readFileSync(world.transcriptOf(id, configDir)), transcript);
    assertWholeHistory(await historyAfterResuming({ session: id, configDir, cwd: client.cwd, prompt: 'go on here' }));
  });

  test('where its directory has moved, it resumes from there', async () => {
    const moved = join(world.root, 'moved', 'to');
    mkdirSync(join(world.root, 'moved'));
    renameSync(client.cwd, moved);
    const configDir = world.addConfigDir('moved-config');
    const { status, stderr, stdout } = await rescue(['--restore', id, '--cwd', moved], [configDir]);
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(`cd ${moved} && `), stdout);
    assertWholeHistory(await historyAfterResuming({ session: id, configDir, cwd: moved, prompt: 'go on there' }));
    renameSync(moved, client.cwd);
  });

  test('under a new id it resumes beside the session that went on', async () => {
    // the reply has come since: the transcript is longer than its backup
    assert.equal((await rescue(['--restore', id], [world.configDir])).status, 4);
    const { status, stderr, json } = await rescue(['--restore', id, '--new-id', '--json'], [world.configDir]);
    assert.equal(status, 0, stderr);
    assert.notEqual(json.session_id, id);
    assertWholeHistory(await historyAfterResuming({ session: json.session_id, cwd: client.cwd, prompt: 'go on beside' }));
    assert.ok(!readFileSync(world.transcriptOf(json.session_id), 'utf8').includes(id));
  });

  test('the newest client resumes it too', async () => {
    const configDir = world.addConfigDir('newest-config');
    assert.equal((await rescue(['--restore', id], [configDir])).status, 0);
    assertWholeHistory(await historyAfterResuming({ session: id, configDir, cwd: client.cwd, version: NEWEST, prompt: 'go on newly' }));
  });

  test('what the client would sweep away can be had back', async () => {
    rmSync(join(world.configDir, 'projects'), { recursive: true });
    const { status, stderr } = await rescue(['--restore', id], [world.configDir]);
    assert.equal(status, 0, stderr);
    assertWholeHistory(await historyAfterResuming({ session: id, cwd: client.cwd, prompt: 'go on again' }));
  });

  after(() => world?.destroy());
});
