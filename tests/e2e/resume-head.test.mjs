// resume-head.jsonl, by which newer clients read a large transcript from its last compaction on: after a repair and
// a restore the same is loaded with it as without it. The client compares it with the transcript, and reads the whole
// file where they differ: nothing has to be removed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEWEST } from './lib/pinned-clients.mjs';
import { World } from './lib/world.mjs';

const ID = '0aaaaaaa-0000-4000-8000-00000000c1de';
const DEAD = '0000dead-0000-4000-8000-00000000dead';
const FILLER = 'x'.repeat(100_000); // the client uses it for boundaries behind 4 MiB alone

let world;
let cwd;
let folder;
let transcript;
let head;
let asked = 0;

before(async () => {
  world = await World.create();
  cwd = world.project('head');
  folder = join(world.configDir, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'));
  transcript = join(folder, `${ID}.jsonl`);
  head = join(folder, ID, 'resume-head.jsonl');
  mkdirSync(folder, { recursive: true });
});
after(() => world.destroy());

/** Sixty turns, a compaction, and three turns. */
function conversation() {
  const lines = [];
  let serial = 0;
  let parent = null;
  let at = Date.parse('2026-02-01T00:00:00Z');
  const put = (record) => {
    const uuid = `0000beef-0000-4000-8000-${String(++serial).padStart(12, '0')}`;
    lines.push({ parentUuid: parent, isSidechain: false, userType: 'external', cwd, sessionId: ID, version: NEWEST, ...record, uuid, timestamp: new Date(at += 10_000).toISOString() });
    parent = uuid;
  };
  const turn = (question, answer) => {
    put({ type: 'user', message: { role: 'user', content: question } });
    put({ type: 'assistant', message: { id: `msg_${serial}`, type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: answer }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } });
  };
  for (let i = 0; i < 60; i++) turn(`Old ${i}?`, `Old answer ${i}. ${FILLER}`);
  const logicalParentUuid = parent;
  parent = null;
  put({ type: 'system', subtype: 'compact_boundary', content: 'Conversation compacted', isMeta: false, level: 'info', logicalParentUuid, compactMetadata: { trigger: 'manual', preTokens: 1000 } });
  put({ type: 'user', message: { role: 'user', content: 'The summary.' }, isCompactSummary: true, isVisibleInTranscriptOnly: true });
  for (let i = 0; i < 3; i++) turn(`New ${i}?`, `New answer ${i}.`);
  return lines;
}

const write = (lines) => writeFileSync(transcript, lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n') + '\n');

/** What the client sends of a copy of the store as it is, with the side file or without it. */
async function loaded({ withHead }) {
  const kept = join(world.root, 'kept');
  cpSync(folder, kept, { recursive: true });
  if (!withHead) rmSync(head, { force: true });
  const prompt = `Head asks ${++asked}.`;
  if (withHead) world.env.CLAUDE_CODE_TRANSCRIPT_TAIL_LOAD = 'on';
  else delete world.env.CLAUDE_CODE_TRANSCRIPT_TAIL_LOAD;
  await world.startPrint({ cwd, version: NEWEST, prompt, args: ['--resume', ID] }).ended;
  const request = world.api.requests.find((r) => r.isTurn && r.text.includes(prompt));
  rmSync(folder, { recursive: true });
  cpSync(kept, folder, { recursive: true });
  rmSync(kept, { recursive: true });
  const texts = request.body.messages.flatMap(({ content }) => (typeof content === 'string' ? [content] : content.map((b) => b.text ?? '')));
  return ['Old 59?', 'The summary.', ...[0, 1, 2].flatMap((i) => [`New ${i}?`, `New answer ${i}.`])].filter((words) => texts.some((t) => t.includes(words)));
}

/** A client resumes the healthy session once, and leaves the side file. */
async function resumedOnce() {
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  write(conversation());
  world.env.CLAUDE_CODE_TRANSCRIPT_TAIL_LOAD = 'on';
  await world.startPrint({ cwd, version: NEWEST, prompt: 'Once more.', args: ['--resume', ID] }).ended;
  assert.ok(existsSync(head), 'the client left no side file');
  return readFileSync(transcript, 'utf8').trimEnd().split('\n');
}

async function rescue(...args) {
  const { status, json, stderr } = await world.rescue.run([...args, '--force', '--json', '--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')], [world.configDir]);
  assert.equal(status, 0, stderr);
  return json;
}

describe('a session with resume-head.jsonl', () => {
  const damages = {
    'behind the compaction: a parent that is not there': (lines) => lines.map((l) => (l.includes('New 1?') ? l.replace(/"parentUuid":"[^"]*"/, `"parentUuid":"${DEAD}"`) : l)),
    'before it, of the same length: a parent that is not there': (lines) => lines.map((l) => (l.includes('Old 20?') ? l.replace(/"parentUuid":"[^"]*"/, `"parentUuid":"${DEAD}"`) : l)),
    'before it: a record that breaks off': (lines) => lines.map((l) => (l.includes('Old answer 20.') ? l.slice(0, 5000) : l)),
  };
  for (const [name, damage] of Object.entries(damages))
    test(name, async () => {
      write(damage(await resumedOnce()));
      const { backup } = await rescue('--repair', transcript);
      const whole = ['The summary.', ...[0, 1, 2].flatMap((i) => [`New ${i}?`, `New answer ${i}.`])];
      assert.deepEqual(await loaded({ withHead: true }), whole);
      assert.deepEqual(await loaded({ withHead: false }), whole);
      await rescue('--restore', backup);
      assert.deepEqual(await loaded({ withHead: true }), await loaded({ withHead: false }));
    });
});
