// A client that asks before it publishes itself: whether the folder is trusted. Nothing tells of that dialog but its
// rest, and it wakes up less often than one look lasts.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, NEWEST } from './lib/pinned-clients.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

describe('the dialog of a start', () => {
  let world;
  const panes = new Map();

  test('clients are started in a folder that nobody has trusted', async () => {
    world = await World.create();
    for (const version of [MAIN, NEWEST]) {
      const cwd = join(world.root, `untrusted-${version}`);
      mkdirSync(cwd);
      const pane = await world.openShell(cwd);
      panes.set(version, pane);
      await world.tmux.type(pane.id, world.claudePath(version));
      await world.tmux.press(pane.id, 'Enter');
    }
    for (const { id } of panes.values())
      await until('the dialog', async () => (await world.tmux.screen(id)).includes('Yes, I trust this folder'), { withinMs: 60_000 });
  });
  after(() => world?.destroy());

  for (const version of [MAIN, NEWEST])
    test(`${version}: a start first, then looks say that it asks, or, where they cannot tell, nothing else`, async () => {
      const { tty } = panes.get(version);
      const look = async () => (await world.rescue.sessions(['--status'], [world.configDir])).find((session) => session.tty === tty);
      const first = await until('a question', async () => {
        const session = await look();
        return session?.verdict === 'waiting' && session;
      }, { withinMs: 90_000, everyMs: 1000 });
      const said = [first];
      while (said.length < 10) said.push(await look());
      // On a busy machine a look may find that it waits for a processor, or cannot tell; none may say more than that.
      const words = said.map(({ verdict, cause }) => `${verdict} ${cause}`);
      const telling = words.filter((word) => !/^(starting|unknown) /.test(word));
      assert.deepEqual(telling, Array(telling.length).fill('waiting question'));
      assert.ok(telling.length >= 3, words.join('; '));
      assert.equal(first.advice, 'answer');
    });
});
