// What no disk ever got: a conversation of 30 turns with tools, calls in parallel and every kind of character, of
// a client that was told to write nothing. Taken from its memory, in order, with nothing in it that was not said;
// put back, the real client goes on from there.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BY_ORACLE, MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { isAlive } from './lib/procfs.mjs';
import { bash, reply } from './lib/replies.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const TURNS = 30;
const PLANTED = 'sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0';
const OWN_KEY = 'sk-ant-dummy-key-for-tests'; // which the client sends in a header
const REMINDER = /^<system-reminder>[\s\S]*<\/system-reminder>\s*$/;

/** What was said, as [role, word] in order: the client's own additions and thinking left out. */
function saidIn(messages) {
  return messages.filter(({ role }) => role !== 'system').flatMap(({ role, content }) =>
    (typeof content === 'string' ? [{ type: 'text', text: content }] : content).flatMap((block) => {
      switch (block.type) {
        case 'text': return REMINDER.test(block.text) ? [] : [`${role}: ${block.text}`];
        case 'tool_use': return [`call ${block.id}: ${JSON.stringify(block.input)}`];
        case 'tool_result': return [`result ${block.tool_use_id}: ${JSON.stringify(block.content)}`];
        default: return [];
      }
    }));
}

/** How many of `wanted` are in `got` in the same order: the longest common subsequence. */
function inOrder(wanted, got) {
  let row = new Array(got.length + 1).fill(0);
  for (const item of wanted) {
    const next = [0];
    for (let j = 0; j < got.length; j++) next.push(item === got[j] ? row[j] + 1 : Math.max(row[j + 1], next[j]));
    row = next;
  }
  return row.at(-1);
}

for (const version of [MAIN, NEWEST, ON_NODE, BY_ORACLE]) describe(`a conversation in memory alone (${version})`, () => {
  let world;
  let client;
  let pending;
  let places;
  let exported;
  let records;
  const said = []; // by the API's own log

  before(async () => {
    world = await World.create();
    pending = join(world.root, 'pending');
    places = ['--pending-dir', pending, '--log-dir', join(world.root, 'log')];
    client = await world.startClient({ cwd: world.project('lost'), version, args: ['--allowedTools', 'Bash'],
      env: { CLAUDE_CODE_SKIP_PROMPT_HISTORY: '1', PLANTED_TOKEN: PLANTED } });
    for (let i = 0; i < TURNS; i++) {
      const n = String(i).padStart(2, '0');
      if (i % 5 === 1) world.api.queue.push(reply.tools([bash(`echo out ${n}`)], { text: `I look ${n}.` }));
      if (i % 5 === 3) world.api.queue.push(reply.tools([bash(`echo left ${n} 漢字`), bash(`echo right ${n}`)],
        { text: `Two at once ${n}.`, thinking: `Thought ${n}.` }));
      if (i === 7) world.api.queue.push(reply.tools([bash(`echo ${PLANTED}`)], { text: 'The token.' }));
      const text = `Answer ${n} ${i % 2 ? 'über 漢字かな 한국어 😀' : 'in plain words'} "so" and a \\ too. End${n}.`;
      world.api.queue.push(reply.text(text));
      await client.enter(`prompt ${n} ${i % 3 ? 'plain' : '質問'}`);
      await until(`the answer ${n}`, async () => (await client.screen()).includes(`End${n}.`), { withinMs: 90_000, look: () => client.screen() });
    }
    const last = world.api.requests.filter((r) => r.isTurn && !r.refusal).at(-1);
    said.push(...saidIn(last.body.messages), `assistant: ${last.reply.text}`);
    assert.equal(await client.transcript(), null);
  });
  after(() => world?.destroy());

  test('is exported, in order and whole, at once', async () => {
    const tableKb = () => Number(readFileSync(`/proc/${client.pid}/status`, 'utf8').match(/VmPTE:\s+(\d+)/)[1]);
    const then = tableKb();
    const { status, stdout, stderr } = await world.rescue.run(['--export', '--from-memory', ...places], [client.configDir]);
    assert.ok(tableKb() - then < 1024);
    assert.ok(status === 0 || status === 1, stderr);
    exported = stdout.match(/(\S+)\.salvage\.md/)?.[1];
    assert.ok(exported, stdout + stderr);
    records = readFileSync(join(pending, `${exported}.jsonl`), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
    const got = saidIn(records.map(({ message }) => message));
    const shown = said.map((text) => text.replaceAll(PLANTED, `[redacted: looks like a credential, ${PLANTED.length} bytes]`));
    const found = inOrder(shown, got);
    console.log(`# ${version}: ${found} of ${shown.length} in order, ${got.length} found; ` +
      `${readFileSync(join(pending, `${exported}.salvage.md`), 'utf8').match(/^- read: .*$/m)[0]}`);
    assert.ok(found >= 0.95 * shown.length, `${found} of ${shown.length}:\n${got.join('\n')}`);
    assert.deepEqual(got.filter((text) => !shown.includes(text)), [], 'nothing is invented');
    assert.ok(records.every(({ salvagedBy, salvaged }) => salvagedBy && ['high', 'medium', 'low'].includes(salvaged.sure) && salvaged.from));
    assert.equal((await world.rescue.run(['--verify', ...places], [client.configDir])).stdout.includes(exported), true);
  });

  test('without a secret in it', () => {
    for (const entry of readdirSync(pending, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())) {
      const text = readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8');
      assert.ok(!text.includes(PLANTED) && !text.includes(OWN_KEY), entry.name);
    }
  });

  test('found again, it makes no second backup', async () => {
    const { stdout } = await world.rescue.run(['--export', '--from-memory', ...places], [client.configDir]);
    // where its memory has been given back meanwhile, nothing is found, and nothing made; one that holds more is another
    if (!/more than in the last backup/.test(stdout))
      assert.equal(readdirSync(pending).filter((name) => name.endsWith('.salvage.md')).length, 1, stdout);
  });

  test('restored, the real client goes on from it', async () => {
    const configDir = world.addConfigDir('restored');
    const { status, stdout, stderr } = await world.rescue.run(['--restore', exported, ...places], [configDir]);
    assert.equal(status, 0, stdout + stderr);
    await world.print({ cwd: client.cwd, configDir, version, prompt: 'go on from memory', args: ['--resume', records[0].sessionId] });
    const request = await world.api.waitFor((r) => r.isTurn && !r.refusal && r.text.includes('go on from memory'));
    const sent = saidIn(request.body.messages);
    const wanted = saidIn(records.map(({ message }) => message));
    assert.ok(inOrder(wanted, sent) >= 0.95 * wanted.length, `${inOrder(wanted, sent)} of ${wanted.length}:\n${sent.join('\n')}`);
  });

  test('--kill keeps it, and still does not end the session', async () => {
    const { status, stdout, stderr } = await world.rescue.run(['--kill', client.pid, '--force', ...places], [client.configDir]);
    assert.equal(status, 4, stdout + stderr);
    assert.match(stdout + stderr, /from the memory of pid \d+, session|no conversation from the memory/);
    assert.ok(isAlive(client.pid));
  });
});
