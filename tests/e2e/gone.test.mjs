// A transcript that is deleted, under a client that runs and after it has ended: what the client does, what is
// seen of the session, and that what is left of it is found, told, saved and comes back.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { bash, reply } from './lib/replies.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const LARGE = reply.tools([bash('seq 1 20000')]); // more than a record holds: a file beside the transcript

const openFiles = (pid) => readdirSync(`/proc/${pid}/fd`).map((fd) => {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
});

for (const version of [MAIN, NEWEST, ON_NODE]) {
  describe(`a client ${version} whose transcript is deleted`, () => {
    let world;
    let client;
    let id;
    let transcript;
    let dirs;
    const run = (...args) => world.rescue.run([...args, ...dirs], [client.configDir]);
    const look = async () => (await world.rescue.sessions(['--status'], [client.configDir])).find(({ pid }) => pid === client.pid);

    test('the scene is set up', async () => {
      world = await World.create();
      client = await world.startClient({ cwd: world.project('gone'), version, args: ['--allowedTools', 'Bash'] });
      dirs = ['--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];
      await client.turn('make marmalade');
      await client.turn('a large result', LARGE);
      id = await client.sessionId();
      transcript = await client.transcript();
      assert.ok(existsSync(transcript.replace(/\.jsonl$/, '/tool-results')));
    });
    after(() => world?.destroy());

    // It opens it for each write.
    test('does not hold it open', () => until('it to be closed', () =>
      !openFiles(client.pid).some((name) => name.includes(id) && name.includes('.jsonl'))));

    test('is unsaved, and makes a new file, with what is said next alone', async () => {
      rmSync(transcript);
      const none = await look();
      assert.equal(none.persistence, 'none');
      await client.turn('and a label for it');
      assert.doesNotMatch(readFileSync(transcript, 'utf8'), /make marmalade/);
      const behind = await look();
      assert.equal(behind.persistence, 'behind', JSON.stringify(behind));
      assert.equal(behind.unsaved_why, 'deleted');
      assert.equal(behind.unsaved_since, behind.started_at);
      const { status, stderr } = await run('--kill', client.pid, '--force');
      assert.equal(status, 4, stderr);
      assert.match(stderr, /deleted or cut while it ran/);
    });

    test('is found when it has ended, and what is left is told and saved', async () => {
      await client.end();
      rmSync(transcript);
      const resume = await run('--resume', id);
      assert.equal(resume.status, 0);
      assert.match(resume.stdout, /transcript gone; left: 1 tool result, 3 prompts; backup: session-rescue --restore /);
      assert.doesNotMatch(resume.stdout, /claude --resume/);
      const check = await run('--check', id);
      assert.equal(check.status, 1);
      assert.match(check.stdout, /transcript gone; left: 1 tool result, 3 prompts/);
      const told = await run('--context', id);
      assert.equal(told.status, 1);
      assert.match(told.stdout, /what else is left.*missing: .*make marmalade.*a large result.*```\n1\n2\n3\n/s);
      // The refused --kill has backed up what was on disk: what was said since the first transcript was deleted.
      assert.match(told.stdout, /^# Session .*and a label for it.*what else is left/s);
      // It also kept what its memory had, of clients that still had it, as a session of its own.
      assert.match((await run('--search', 'marmalade')).stdout,
        /user +make marmalade\n +transcript gone; .*\n(1 message in 1 session|\S+\n.*user +make marmalade\n +only in a backup: .*\n2 messages in 2 sessions)/);
      const saved = await run('--export', id);
      assert.equal(saved.status, 1);
      assert.match(saved.stdout, /no transcript/);
      const pending = readdirSync(join(world.root, 'pending'));
      const [files] = pending.filter((name) => name.endsWith(`${id}.files`)).slice(-1);
      assert.equal(readFileSync(join(world.root, 'pending', files, 'history.jsonl'), 'utf8').trim().split('\n').length, 3);
    });
  });
}
