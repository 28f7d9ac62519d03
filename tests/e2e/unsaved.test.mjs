// Sessions whose conversation is not on disk: told to save nothing, in a folder or on a disk that takes nothing
// more. What is seen of them, that neither --export nor --kill passes over it, and, of healthy ones, that nothing
// of the kind is ever said.
//
// A folder that cannot be written to, and a full disk, are mounts: the tests of these run in a mount namespace of
// the test's own, where the user may make one.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { isAlive } from './lib/procfs.mjs';
import { bash, reply } from './lib/replies.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const VERSIONS = [MAIN, NEWEST, ON_NODE];
const LARGE = reply.tools([bash('seq 1 20000')]); // more than a record holds: a file beside the transcript

const look = async (world, client) =>
  (await world.rescue.sessions(['--status'], [client.configDir])).find(({ pid }) => pid === client.pid);

const isUnsaved = (world, client, persistence) => until(`${persistence} to be said`, async () => {
  const session = await look(world, client);
  return session?.persistence === persistence && session;
}, { withinMs: 60_000, everyMs: 500, look: async () => JSON.stringify(await look(world, client)) });

const SPINNER = /^[^\s\p{L}\p{N}❯●⏺] \S+…/mu; // "✻ Razzle-dazzling… (3s)"

/** Both turns of a client that need not write: by what it shows. */
async function talk(client) {
  await client.ask('the first question', reply.text('The first answer.'));
  await until('the first answer', async () => (await client.screen()).includes('The first answer.'));
  await client.ask('the second question', reply.text('The second answer.'));
  await until('the second answer', async () => (await client.screen()).includes('The second answer.'));
}

for (const version of VERSIONS) {
  describe(`a client ${version} that was told to save nothing`, () => {
    let world;
    let client;
    let dirs;

    test('the scene is set up', async () => {
      world = await World.create();
      client = await world.startClient({ cwd: world.project('told'), version, env: { CLAUDE_CODE_SKIP_PROMPT_HISTORY: '1' } });
      dirs = ['--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];
      await talk(client);
      assert.equal(await client.transcript(), null);
    });
    after(() => world?.destroy());

    test('is called unsaved, with the variable', async () => {
      const session = await isUnsaved(world, client, 'none');
      assert.equal(session.unsaved_why, 'environment');
      assert.equal(session.unsaved_since, session.started_at);
      assert.match(session.evidence[0], /unsaved.*CLAUDE_CODE_SKIP_PROMPT_HISTORY is set/);
      assert.notEqual(session.cause, 'nothing-yet');
      assert.match((await world.rescue.run(['--status'], [client.configDir])).stdout, /UNSAVED/);
    });

    test('is not passed over by --export', async () => {
      const { status, stdout, stderr } = await world.rescue.run(['--export', ...dirs], [client.configDir]);
      assert.equal(status, 1);
      assert.match(stdout + stderr, /unsaved/);
      assert.doesNotMatch(stdout, /No session to export/);
    });

    test('is not ended by --kill --force, and not by another id', async () => {
      for (const args of [[], ['--without-backup=00000000'], ['--without-backup=']]) {
        const { status, stderr } = await world.rescue.run(['--kill', client.pid, '--force', ...args, ...dirs], [client.configDir]);
        assert.ok(status === 4 || status === 2, `${args}: ${status} ${stderr}`);
        assert.ok(isAlive(client.pid));
      }
    });

    test('is ended once it is given up by its name', async () => {
      const id = await client.sessionId();
      const { status, stdout, stderr } = await world.rescue.run(
        ['--kill', client.pid, '--force', `--without-backup=${id.slice(0, 8)}`, ...dirs], [client.configDir]);
      assert.equal(status, 0, stdout + stderr);
      assert.ok(!isAlive(client.pid));
    });
  });

  describe(`healthy clients ${version}`, () => {
    let world;
    const neverUnsaved = async (client, what) => {
      const { persistence } = await look(world, client);
      assert.ok(persistence === 'ok' || persistence === null, `${what}: ${persistence}`);
      return persistence;
    };

    // Both made before a client runs: one that does writes .claude.json as it was, and a later folder is not trusted.
    let cwd;
    let hooked;
    test('the scene is set up', async () => {
      world = await World.create();
      cwd = world.project('healthy');
      hooked = world.project('hooked');
    });
    after(() => world?.destroy());

    test('are never called unsaved', async () => {
      let client = await world.startClient({ cwd, version });
      await neverUnsaved(client, 'just started');
      await client.enter('/help');
      await until('the dialog', async () => /esc to (cancel|close)/i.test(await client.screen()), { look: () => client.screen() });
      await neverUnsaved(client, 'with a dialog open');
      await client.press('Escape');
      await until('the dialog to be closed', async () => !/esc to (cancel|close)/i.test(await client.screen()));
      await client.turn('hello');
      assert.equal(await neverUnsaved(client, 'after a turn'), 'ok');
      await client.ask('one more', reply.silence());
      await until('the spinner', async () => SPINNER.test(await client.screen()), { look: () => client.screen() });
      await neverUnsaved(client, 'waiting for its reply');
      // A key right behind Escape would be one chord with it, and nothing be interrupted.
      await client.press('Escape');
      await until('the spinner to go', async () => !SPINNER.test(await client.screen()), { look: () => client.screen() });
      await neverUnsaved(client, 'interrupted');
      const id = await client.sessionId();
      await client.enter('/clear');
      await neverUnsaved(client, 'cleared');
      await client.end();
      client = await world.startClient({ cwd, version, args: ['--resume', id] });
      const resumed = await neverUnsaved(client, 'resumed');
      // 2.1.110 publishes no status: until its next prompt nothing says that what it has is on disk.
      if (version !== ON_NODE) assert.equal(resumed, 'ok');
    });

    test('nor where a hook holds a prompt, or its user took it back', async () => {
      mkdirSync(join(hooked, '.claude'));
      writeFileSync(join(hooked, '.claude/settings.json'), JSON.stringify({ hooks: { UserPromptSubmit: [{ hooks: [
        { type: 'command', command: 'touch held; while [ -e held ]; do sleep 0.1; done' }] }] } }));
      const client = await world.startClient({ cwd: hooked, version });
      await client.enter('held by a hook');
      await until('the hook to run', () => existsSync(join(hooked, 'held')));
      await neverUnsaved(client, 'held by a hook');
      await client.press('Escape');
      await until('the prompt to be given back', async () => /^❯ held by a hook/m.test(await client.screen()));
      await neverUnsaved(client, 'taken back');
    });
  });
}

// ---- where nothing more can be written ----

const inMounts = process.env.SR_E2E_MOUNTS === '1';
const unshare = process.getuid() === 0 ? ['-m'] : ['-Urm'];
const canMount = spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const mount = (...args) => execFileSync('mount', args);

if (!inMounts) {
  test('where nothing more can be written', { skip: canMount ? false : 'nothing can be mounted here' }, () => {
    const file = fileURLToPath(import.meta.url);
    const { status, stdout, stderr } = spawnSync('unshare', [...unshare, '--propagation', 'private', process.execPath, '--test',
      '--test-name-pattern', 'takes nothing', basename(file)],
    { cwd: dirname(file), env: { ...process.env, SR_E2E_MOUNTS: '1', NODE_TEST_CONTEXT: '' }, encoding: 'utf8', timeout: 600_000 });
    assert.equal(status, 0, stdout + stderr);
  });
} else {
  for (const version of VERSIONS) {
    test(`a transcript that takes nothing more (${version})`, async (t) => {
      const world = await World.create();
      t.after(() => world.destroy());
      const client = await world.startClient({ cwd: world.project('stops'), version, args: ['--allowedTools', 'Bash'] });
      await client.turn('on disk');
      const transcript = await client.transcript();
      const before = readFileSync(transcript);
      mount('--bind', transcript, transcript);
      mount('-o', 'remount,ro,bind', transcript);
      t.after(() => execFileSync('umount', [transcript]));
      await talk(client);
      assert.deepEqual(readFileSync(transcript), before);
      const session = await isUnsaved(world, client, 'behind');
      assert.equal(session.unsaved_why, 'not-writable');
      assert.ok(session.unsaved_since <= session.last_activity_at, `${session.unsaved_since} ${session.last_activity_at}`);
      const { status, stderr } = await world.rescue.run(['--kill', client.pid, '--force', '--pending-dir', join(world.root, 'pending'),
        '--log-dir', join(world.root, 'log')], [client.configDir]);
      assert.equal(status, 4, stderr);
      assert.ok(isAlive(client.pid));
    });

    test(`a folder that takes nothing (${version})`, async (t) => {
      const world = await World.create();
      t.after(() => world.destroy());
      const cwd = world.project('folder');
      const folder = join(world.configDir, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'));
      mkdirSync(folder, { recursive: true });
      mount('--bind', folder, folder);
      mount('-o', 'remount,ro,bind', folder);
      t.after(() => execFileSync('umount', [folder]));
      const client = await world.startClient({ cwd, version });
      await talk(client);
      assert.equal((await isUnsaved(world, client, 'none')).unsaved_why, 'not-writable');
    });

    test(`a disk that takes nothing more (${version})`, async (t) => {
      const world = await World.create();
      t.after(() => world.destroy());
      const configDir = world.addConfigDir('small');
      const seed = ['.claude.json', 'settings.json'].map((name) => [name, readFileSync(join(configDir, name))]);
      mount('-t', 'tmpfs', '-o', 'size=4m', 'none', configDir);
      t.after(() => execFileSync('umount', ['-l', configDir]));
      for (const [name, bytes] of seed) writeFileSync(join(configDir, name), bytes);
      const client = await world.startClient({ cwd: world.project('small'), configDir, version, args: ['--allowedTools', 'Bash'] });
      await client.turn('on disk');
      spawnSync('dd', ['if=/dev/zero', `of=${join(configDir, 'filler')}`, 'bs=4k']);
      await talk(client);
      await client.ask('a large result', LARGE);
      await until('the end of the turn', async () => (await client.screen()).includes('Done.'));
      assert.equal((await isUnsaved(world, client, 'behind')).unsaved_why, 'disk-full');
    });
  }
}
