// The watcher beside a real client: the client's stream stalls, the watcher says so, and there is a whole
// backup of the session, without anybody having asked.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reply } from './lib/replies.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

describe('watch', async () => {
  let world;
  let client;
  let watcher;
  const events = [];
  let mark = 0; // events before this one are of an earlier scene

  const told = (what, kind) => until(what, () => seen(kind), { withinMs: 120_000, look: () => JSON.stringify(events, null, 1) });
  const places = () => ['--config-dir', world.configDir, '--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')];
  const seen = (kind) => events.slice(mark).find((e) => e.event === kind && (!e.session_id || e.session_id === client?.id));

  after(async () => {
    watcher?.kill('SIGKILL');
    await world?.destroy();
  });

  function startWatching() {
    let rest = '';
    watcher = spawn(PROGRAM, ['--watch', '--json', '--notify', 'none', '--interval', '1', '--timeout', '0.1', ...places()],
      { env: { PATH: process.env.PATH, HOME: world.root, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '' }, stdio: ['ignore', 'pipe', 'inherit'] });
    watcher.stdout.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      events.push(...lines.map((line) => JSON.parse(line)));
    });
  }

  test('it begins where no client has ever run', async () => {
    world = await World.create();
    startWatching();
    await told('the watcher', 'watching');
    assert.equal(seen('watching').sessions, 0);
  });

  test('a client that starts is noticed', async () => {
    client = await world.startClient({ cwd: world.project('watched') });
    await client.turn('the first prompt', reply.text('a word: marmalade'));
    client.id = await client.sessionId();
    await told('the session', 'session-new');
    assert.equal(seen('session-new').pid, client.pid);
  });

  test('a stream that stalls is told, and the session is backed up as it is on disk and in memory', async () => {
    mark = events.length;
    await world.api.waitHeld(await client.ask('a question that is never answered', reply.stall()));
    await told('the hang', 'hung');
    assert.ok(['reply-stalled', 'no-reply'].includes(seen('hung').cause), seen('hung').cause);
    await told('the backup', 'backed-up');
    assert.equal(seen('backed-up').why, 'hung');
    const backup = readFileSync(seen('backed-up').backup, 'utf8');
    assert.ok(backup.includes('marmalade') && backup.includes('never answered'));
    assert.ok(readFileSync(await client.transcript(), 'utf8').startsWith(backup));
    const salvaged = readFileSync(seen('backed-up').backup.replace(/jsonl$/, 'salvage.md'), 'utf8');
    assert.ok(salvaged.includes('Sentence 00'), 'the half of the reply that is only in its memory is kept too');
  });

  test('a client that ends is noticed, and the watcher ends when it is told to', async () => {
    process.kill(client.pid, 'SIGTERM');
    await told('the end of the session', 'session-ended');
    const ended = new Promise((resolve) => watcher.on('exit', resolve));
    watcher.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.ok(seen('stopped'));
    watcher = undefined;
  });
});
