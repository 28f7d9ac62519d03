// A conversation that the API calls too long, before and after --repair --fit: the real client sends what is
// left of it, and an API that counts for itself takes it.
//
// The session is the client's own: turns with thinking, and files read by its tool, until the API refuses.
// Nothing but tool results, images and thinking may be gone then, and each call has its result.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { join } from 'node:path';
import { joinTurns } from './lib/api-rules.mjs';
import { BY_ORACLE, MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { read, reply } from './lib/replies.mjs';
import { World } from './lib/world.mjs';

const MARK = /^\[(tool result|image|thinking) removed by session-rescue: \d+ bytes, about \d+ tokens; the original is in the backup (\S+)\]$/;
const ROOM = 60_000; // tokens beside what the client says of its own
const FILES = 6;

/** About 14,000 tokens of text that no two files share. */
const leaves = (name) => Array.from({ length: 700 }, (_, i) => `${name} leaf ${i}: the margin is toothed, the stalk short.`).join('\n');
const thought = (n) => `${n}. ${'The bed lies in the shade until noon. '.repeat(120)}`;

for (const [number, version] of [MAIN, NEWEST, ON_NODE, BY_ORACLE].entries()) {
  describe(`fit, ${version}`, () => {
    let world, cwd, path;
    const id = `5e551011-0000-4000-8001-00000000000${number}`;
    const rescue = (...args) => world.rescue.run([...args, '--json', '--pending-dir', join(world.root, 'pending'),
      '--log-dir', join(world.root, 'log')], [world.configDir]);

    async function turn(prompt, answer, begin = false) {
      const { status, stdout, stderr } = await world.startPrint({ cwd, version, prompt, reply: answer,
        args: [begin ? '--session-id' : '--resume', id] }).ended;
      const requests = world.api.requests.filter((r) => r.isTurn && JSON.stringify(r.body.messages).includes(prompt));
      return { status, output: stdout + stderr, requests, last: requests.at(-1) };
    }

    before(async () => {
      world = await World.create();
      cwd = world.project('garden');
      for (let i = 0; i < FILES; i++) writeFileSync(join(cwd, `bed-${i}.txt`), leaves(`bed ${i}`));
      writeFileSync(join(cwd, 'plan.png'), picture(900, 600));
      // A client that tries to sum the conversation up is refused as well: it stays as long as it is.
      world.api.when((r) => /Respond with TEXT ONLY|create a detailed summary/.test(r.text),
        reply.refused('prompt is too long: 999999 tokens > 100000 maximum'));
      world.api.window = 1e9;
      const { last } = await turn('Good morning.', reply.text('Good morning to you.', { thinking: thought(0) }), true);
      world.api.window = last.tokens + ROOM;
    });
    after(() => world?.destroy());

    test('it grows until the API refuses it, and stays refused', async () => {
      const look = (files, more) => reply.tools(files.map((file) => read(join(cwd, file))), { thinking: thought(files.join()), ...more });
      assert.equal((await turn('Look at the plan.', look(['plan.png']))).status, 0);
      assert.equal((await turn('Read the first bed.', look(['bed-0.txt'], { then: reply.text('It is full of leaves.') }))).status, 0);
      assert.equal((await turn('And two more.', look(['bed-1.txt', 'bed-2.txt']))).status, 0);
      let refused;
      for (let i = 3; i < FILES && !refused; i++) {
        const { status, output } = await turn(`Then bed ${i}.`, look([`bed-${i}.txt`]));
        refused = status !== 0 && output;
      }
      assert.match(refused || 'never refused', /Prompt is too long/);
      const again = await turn('Go on.');
      assert.notEqual(again.status, 0);
      assert.match(again.last.refusal?.message ?? again.output, /too long/);
      path = world.transcriptOf(id);
    });

    test('--check says so, and what to run', async () => {
      const { status, json } = await rescue('--check', id);
      assert.equal(status, 1);
      const problem = json.transcripts[0].problems.find(({ kind }) => kind === 'too-long');
      assert.equal(problem?.severity, 'hurts');
      assert.match(problem.detail, /the last \d prompts were refused/);
    });

    test('cut, it is sent and taken, and nothing else of it is gone', async () => {
      const before = world.api.requests.filter((r) => r.isTurn && JSON.stringify(r.body.messages).includes('Go on.')).at(-1);
      const bytes = readFileSync(path);
      const plan = (await rescue('--repair', id, '--fit', '--dry-run')).json;
      assert.equal(plan.outcome, 'would-repair');
      assert.deepEqual(readFileSync(path), bytes);
      const { json } = await rescue('--repair', id, '--fit', '--force');
      assert.equal(json.outcome, 'repaired');
      assert.deepEqual(json.fit, plan.fit);
      assert.equal(json.fit.context_window, world.api.window);
      assert.ok(json.fit.tokens_after <= 0.8 * world.api.window);

      const { status, output, last } = await turn('What now?', reply.text('Now it goes on.', { thinking: thought(99) }));
      assert.equal(status, 0, output);
      assert.equal(last.refusal, null);
      assert.ok(last.tokens <= 0.85 * world.api.window, `${last.tokens} of ${world.api.window} are left`);
      assertCut(before.body.messages, last.body.messages, json);
      const checked = (await rescue('--check', id)).json;
      assert.deepEqual(checked.transcripts[0].problems, []);
      assert.equal((await rescue('--repair', id, '--fit', '--force')).json.outcome, 'nothing-to-repair');
    });

    test('what was cut is in the backup that is named', async () => {
      const named = new Set([...readFileSync(path, 'utf8').matchAll(/the original is in the backup ([^\]\s]+)\]/g)].map((m) => m[1]));
      assert.equal(named.size, 1);
      const backup = readFileSync(join(world.root, 'pending', `${[...named][0]}.jsonl`), 'utf8');
      assert.ok(backup.includes('bed 0 leaf 699'));
      assert.ok(!readFileSync(path, 'utf8').split('\n').some((line) => line.includes('"tool_result"') && JSON.stringify(JSON.parse(line).message).includes('bed 0 leaf 699')));
    });
  });
}

/** The same turns and blocks in the same order, but for what was cut; of the prompts that came behind, nothing. */
function assertCut(before, after, { fit, backup }) {
  const [old, now] = [before, after].map((messages) => joinTurns(messages).flatMap(({ role, content }) =>
    content.filter(({ type, text }) => !(type === 'text' && /^<system-reminder>|^\s*<(local-)?command/.test(text))).map((block) => ({ role, ...block, cache_control: undefined }))));
  const cut = { 'tool result': 0, image: 0, thinking: 0 };
  const stem = backup.split('/').at(-1).replace(/\.jsonl$/, '');
  for (const [i, block] of old.entries()) {
    const other = now[i];
    if (same(block, other)) continue;
    const text = block.type === 'tool_result' ? contentText(other) : other.text;
    const [, what, named] = text?.match(MARK) ?? assert.fail(`${JSON.stringify(block).slice(0, 200)} became ${JSON.stringify(other).slice(0, 200)}`);
    assert.equal(named, stem);
    assert.equal(what, { tool_result: 'tool result', image: 'image', thinking: 'thinking' }[block.type]);
    if (block.type === 'tool_result') assert.deepEqual([other.type, other.tool_use_id, other.is_error], [block.type, block.tool_use_id, block.is_error]);
    cut[what]++;
  }
  assert.deepEqual([cut['tool result'], cut.image, cut.thinking], [fit.tool_results, fit.images, fit.thinking]);
  assert.ok(cut['tool result'] > 0 && cut.thinking > 0, JSON.stringify(cut));
  const isFull = (block) => block.type === 'tool_result' && !MARK.test(contentText(block));
  const results = now.filter(({ type }) => type === 'tool_result');
  assert.ok(isFull(results.at(-1)), 'the newest result was cut');
}

const contentText = ({ content }) => (typeof content === 'string' ? content : content?.map((part) => part.text).join(''));
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** A PNG of one colour. */
function picture(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height, 120))), chunk('IEND', Buffer.alloc(0))]);
}

function crc(bytes) {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}
