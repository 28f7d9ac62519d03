// What was said, from a session that hangs: --context prints it, --search finds its words in any writing, and the
// command it gives resumes just that session, with all that was said.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './lib/procfs.mjs';
import { bash, reply } from './lib/replies.mjs';
import { until } from './lib/wait.mjs';
import { Client } from './lib/client.mjs';
import { World } from './lib/world.mjs';

const SAID = 'wombats déjà vu 漢字かな';

describe('a conversation', async () => {
  let world;
  let client;
  let id;

  const rescue = (...args) => world.rescue.run([...args, '--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')],
    [world.configDir]);
  const search = (...words) => rescue('--search', ...words, '--index-dir', join(world.root, 'index'));

  test('the scene is set up: two turns, a tool, and a reply that stands still', async () => {
    world = await World.create();
    client = await world.startClient({ cwd: world.project('said here'), args: ['--allowedTools', 'Bash'] });
    await client.turn('which animal digs square tunnels', reply.text(SAID));
    await client.turn('and list them', reply.tools([bash('echo lemur-7')]));
    await world.api.waitHeld(await client.ask('a question that hangs', reply.stall()));
    id = await client.sessionId();
    await until('the question on disk', async () => readFileSync(await client.transcript(), 'utf8').includes('a question that hangs'));
  });

  test('--context prints what was said, in its order', async () => {
    const { status, stdout, stderr } = await rescue('--context', String(client.pid));
    assert.equal(status, 0, stderr);
    assert.ok(stdout.startsWith(`# Session ${id}\n`), stdout.slice(0, 200));
    let rest = stdout; // each behind the one before it: a prompt carries its reply
    for (const what of ['## user, ', 'which animal digs square tunnels', '## agent, ', SAID, '## user, ', 'and list them', '## agent, ',
      '- **Bash** echo lemur-7', '## user, ', 'a question that hangs']) {
      assert.ok(rest.includes(what), `${what} in: ${stdout}`);
      rest = rest.slice(rest.indexOf(what) + what.length);
    }
    assert.ok(!stdout.includes('Sentence 00'), 'the half that is not on disk is not made up');
  });

  test('-v: with what the tool answered', async () => {
    const { status, stdout } = await rescue('--context', id, '-v');
    assert.equal(status, 0);
    assert.match(stdout, /^lemur-7$/m);
  });

  test('--search finds the words, of the question, the answer and the tool, in any writing', async () => {
    for (const words of [['square', 'tunnels'], ['wombats'], ['deja'], ['漢字かな'], ['lemur*'], ['"list them"']]) {
      const { status, stdout, stderr } = await search(...words);
      assert.equal(status, 0, `${words}: ${stderr}`);
      assert.ok(stdout.includes(id), `${words}: ${stdout}`);
    }
    const { stdout } = await search('word-that-nobody-said');
    assert.ok(!stdout.includes(id), stdout);
  });

  test('while it hangs no command is given; once it is ended, the one that is given resumes it', async () => {
    assert.doesNotMatch((await search('wombats')).stdout, /claude --resume/);
    const { status, stderr } = await rescue('--kill', String(client.pid), '--force');
    assert.equal(status, 0, stderr);
    await until('the client to be gone', () => !isAlive(client.pid));
    const { stdout } = await search('wombats');
    const command = stdout.match(/^ {2}(cd .* --resume .*)$/m)?.[1];
    assert.ok(command?.includes(id), stdout);
    const pane = await world.openShell(world.root);
    const resumed = await Client.startByTyping(world, pane, command, { cwd: client.cwd });
    const request = await resumed.ask('and go on', reply.text('gladly'));
    const sent = JSON.stringify(request.body.messages);
    for (const words of ['square tunnels', SAID, 'lemur-7', 'a question that hangs']) assert.ok(sent.includes(words), words);
  });

  after(() => world?.destroy());
});
