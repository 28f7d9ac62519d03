// What a hung client has only in memory: the half of a reply, and a prompt that was not sent. Saved byte for
// byte, whatever the alphabet; put back, the next request carries it; nothing is taken from a session that is
// not hung, and the client is left as it was.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { isAlive, processOf } from './lib/procfs.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const IMPATIENT = ['--timeout', '0.05'];
const QUESTION = 'the question whose answer stops half way';
const PROMPT = 'not sent yet: zebras, é and 漢字 "quoted"';

/** Pieces as a model sends them: words, line ends alone, quotes, and every kind of character. */
function piecesOf(word, count) {
  return Array.from({ length: count }, (_, i) => {
    const n = String(i).padStart(4, '0');
    return [`${word}${n} says "so" and`, ` a back\\slash,\n`, '\n', ` déjà vu €${n};`, ` 漢字かな한국어 ${n}`, ' 😀👩‍👩‍👧', '\t<b>`x`</b> '][i % 7];
  });
}

/** The pieces of one alphabet that an engine keeps in 8 bits a character. */
function latinPiecesOf(word, count) {
  return Array.from({ length: count }, (_, i) => [`${word}${i} is déjà vu,`, ' and "so\\on"', '\n'][i % 3]);
}

function stalledReply(pieces, more = {}) {
  return { kind: 'stream', text: pieces.join(''), pieces, end: 'hold', everyMs: 1, ...more };
}

/** What of the reply went out: message_start and content_block_start are the first two events. */
const sentText = (request) => request.reply.pieces.slice(0, request.sent - 2).join('');

async function untilHung(world, client) {
  await until('the client to be called hung', async () =>
    (await world.rescue.sessions(['--status', ...IMPATIENT], [world.configDir]))
      .find(({ pid }) => pid === client.pid)?.verdict === 'hung', { withinMs: 60_000, everyMs: 500 });
}

/** The newest backup: its files, its manifest, and the texts of its salvage file. */
function newestBackup(pending) {
  const sums = readdirSync(pending).filter((name) => name.endsWith('.sha256')).sort().at(-1);
  execFileSync('sha256sum', ['--strict', '--quiet', '-c', sums], { cwd: pending });
  const stem = sums.replace(/\.sha256$/, '');
  const manifest = JSON.parse(readFileSync(join(pending, `${stem}.json`), 'utf8'));
  const file = manifest.files.find(({ kind }) => kind === 'salvage');
  if (!file) return { stem, manifest, parts: [] };
  const path = join(pending, `${stem}.salvage.md`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(readFileSync(join(pending, sums), 'utf8').includes(`${file.sha256}  ${stem}.salvage.md`));
  const bytes = readFileSync(path);
  const parts = file.parts.map((part) => {
    const inside = bytes.subarray(part.offset_bytes, part.offset_bytes + part.size_bytes);
    assert.equal(createHash('sha256').update(inside).digest('hex'), part.sha256);
    const text = inside.toString('utf8');
    return { ...part, text: part.encoding === 'json' ? JSON.parse(text)[0] : text };
  });
  return { stem, manifest, parts, markdown: bytes.toString('utf8') };
}

/** What of the process must not change by being read. */
function stateOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return { tableKb: Number(status.match(/VmPTE:\s+(\d+)/)[1]), startTicks: stat[19], tracer: status.match(/TracerPid:\s+(\d+)/)[1] };
}

function scene(version, { pieces, more = {} }) {
  const s = {
    async begin() {
      s.world = await World.create();
      s.pending = join(s.world.root, 'pending');
      s.places = ['--pending-dir', s.pending, '--log-dir', join(s.world.root, 'log')];
      s.world.api.when((r) => r.isTurn && r.text.includes('an older question'),
        { kind: 'stream', text: latinPiecesOf('OLDER', 60).join(''), pieces: latinPiecesOf('OLDER', 60) });
      s.world.api.when((r) => r.isTurn && r.text.includes(QUESTION), stalledReply(pieces, more));
      s.client = await s.world.startClient({ cwd: s.world.project('work'), version });
      await s.client.turn('an older question');
      s.request = await s.client.ask(QUESTION);
      await s.world.api.waitHeld(s.request);
      // a line that is not whole yet is not drawn
      const last = pieces.slice(0, s.request.sent - 6).join('').replace(/[^\n]*$/, '').match(/[A-Z]+\d+/g).at(-1);
      await until(`what was sent, as far as ${last}, on the screen`, async () => (await s.client.screen()).includes(last),
        { withinMs: 60_000, look: () => s.client.screen() });
      s.id = await s.client.sessionId();
      await until('the question on disk', async () => readFileSync(await s.client.transcript(), 'utf8').includes(QUESTION));
    },
    rescue: (args, dirs = [s.world.configDir]) => s.world.rescue.run([...args, ...s.places], dirs),
    end: () => s.world?.destroy(),
  };
  return s;
}

for (const version of [MAIN, NEWEST, ON_NODE]) describe(`a reply that stops half way (${version})`, () => {
  const s = scene(version, { pieces: piecesOf('MARK', 140) });
  let found;
  before(s.begin);
  after(s.end);

  test('while the session is not called hung, nothing is salvaged, and memory is not spoken of', async () => {
    const { status, stdout } = await s.rescue(['--export', s.id]);
    assert.equal(status, 0, stdout);
    assert.doesNotMatch(stdout, /memory|salvage/);
    assert.deepEqual(newestBackup(s.pending).parts, []);
  });

  test('hung, all that was sent is found, byte for byte, and nothing else', async () => {
    await untilHung(s.world, s.client);
    const then = stateOf(s.client.pid);
    const { status, stdout, stderr } = await s.rescue(['--export', s.id, ...IMPATIENT]);
    const now = stateOf(s.client.pid);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^exported /m, 'a salvage that is new makes a new backup');
    found = newestBackup(s.pending);
    const replies = found.parts.filter(({ kind }) => kind === 'reply');
    assert.equal(replies.length, 1, `${stdout}\n${found.markdown}`);
    assert.equal(replies[0].text, sentText(s.request));
    assert.match(replies[0].sure, /^(high|medium)$/);
    assert.ok(!found.markdown.includes('OLDER'));

    // Read blindly its page tables would have grown by 140 MB.
    assert.ok(now.tableKb - then.tableKb < 1024, `page tables: ${then.tableKb} kB, then ${now.tableKb} kB`);
    assert.deepEqual([now.startTicks, now.tracer], [then.startTicks, then.tracer]);
    assert.equal((await s.world.rescue.sessions(['--status', ...IMPATIENT], [s.world.configDir]))[0].verdict, 'hung');
    console.log(`# ${found.markdown.match(/^- read: .*$/m)[0]}`);
  });

  test('found again, it makes no second backup', async () => {
    // one more where it is surer now than it was
    await until('the backup to be called the last one', async () =>
      /^already exported /m.test((await s.rescue(['--export', s.id, ...IMPATIENT])).stdout));
    assert.equal((await s.rescue(['--verify'])).status, 0);
  });

  test('killed, the reply and the prompt that was not sent are in the last backup', async () => {
    await s.world.tmux.type(s.client.pane.id, PROMPT);
    await until('the prompt in its box', async () => (await s.client.screen()).includes('zebras'));
    const { status, stdout, stderr } = await s.rescue(['--kill', s.id, '--force', ...IMPATIENT]);
    assert.equal(status, 0, stderr + stdout);
    assert.equal(isAlive(s.client.pid), false);
    found = newestBackup(s.pending);
    const textOf = (kind) => found.parts.find((part) => part.kind === kind)?.text;
    assert.equal(textOf('reply'), sentText(s.request));
    assert.equal(textOf('prompt'), PROMPT);
    const transcript = readFileSync(join(s.pending, `${found.stem}.jsonl`), 'utf8');
    assert.ok(!transcript.includes('MARK0000'), 'the transcript is as the client left it');
  });

  test('restored with it, the next request carries the reply, and the one that was asked', async () => {
    const configDir = s.world.addConfigDir('restored');
    const { status, stdout, stderr } = await s.rescue(['--restore', found.stem, '--with-salvage'], [configDir]);
    assert.equal(status, 0, stderr + stdout);
    await s.world.print({ cwd: s.client.cwd, configDir, version, prompt: 'go on from there', args: ['--resume', s.id] });
    // the newest client first tries a field that not every API takes; then it asks without
    const request = await s.world.api.waitFor((r) => r.isTurn && !r.refusal && r.text.includes('go on from there'));
    const texts = request.body.messages.flatMap(({ role, content }) =>
      (typeof content === 'string' ? [content] : content.map(({ text }) => text ?? '')).map((text) => `${role}: ${text}`));
    const at = (wanted) => texts.findIndex((text) => text.trimEnd() === wanted.trimEnd());
    const asked = texts.findIndex((text) => text.startsWith('user: ') && text.includes(QUESTION));
    const replied = at(`assistant: ${sentText(s.request)}`);
    assert.ok(asked >= 0 && replied > asked, texts.map((text) => text.slice(0, 90)).join('\n'));
    assert.ok(at('user: [Request interrupted by user]') > replied);
  });

  test('where the transcript is there still, the reply goes behind it, once', async () => {
    const transcript = s.world.transcriptOf(s.id);
    const before_ = readFileSync(transcript, 'utf8');
    const { status, stdout, stderr } = await s.rescue(['--restore', found.stem, '--with-salvage']);
    assert.equal(status, 0, stderr + stdout);
    const after_ = readFileSync(transcript, 'utf8');
    assert.ok(after_.startsWith(before_));
    const records = after_.slice(before_.length).trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(records.map(({ type }) => type), ['assistant', 'user']);
    assert.equal(records[0].message.content[0].text, sentText(s.request));
    assert.match(records[0].salvagedBy, /^session-rescue /);
    assert.equal((await s.rescue(['--restore', found.stem, '--with-salvage'])).status, 4);
    assert.equal(readFileSync(transcript, 'utf8'), after_);
  });
});

describe('a long reply of Latin letters, after some thinking, with a key in it', () => {
  const KEY = 'sk-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0';
  const pieces = latinPiecesOf('LONG', 4000);
  pieces[30] = ` the key ${KEY.slice(0, 20)}`;
  pieces[31] = `${KEY.slice(20)} is secret\n`;
  const s = scene(MAIN, { pieces, more: { thinking: 'THOUGHT about it. '.repeat(20) } });
  before(s.begin);
  after(s.end);

  test('is found whole, but for the key, and apart from the thinking', async () => {
    await untilHung(s.world, s.client);
    const { status, stdout, stderr } = await s.rescue(['--export', s.id, ...IMPATIENT]);
    assert.equal(status, 0, stderr);
    const { parts, markdown } = newestBackup(s.pending);
    const replies = parts.filter(({ kind }) => kind === 'reply');
    // message_start; the block of thinking: start, text, signature, stop; the start of the text
    const sent = pieces.slice(0, s.request.sent - 6).join('');
    assert.ok(sent.length > 20_000);
    assert.equal(replies.length, 1, `${stdout}\n${markdown.slice(0, 3000)}`);
    assert.equal(replies[0].text, sent.replace(KEY, `[redacted: looks like a credential, ${KEY.length} bytes]`));
    assert.match(stdout, /1 that look like credentials left out/);
    for (const name of readdirSync(s.pending, { recursive: true }).filter((entry) => entry.includes('salvage')))
      assert.ok(!readFileSync(join(s.pending, name), 'utf8').includes(KEY.slice(0, 20)));
    console.log(`# ${markdown.match(/^- read: .*$/m)[0]}`);
  });

  test('a user who may not read the memory is told so, and gets the backup without it', async (t) => {
    if (process.getuid() !== 0) return t.skip('only root can give up the right to read it');
    // Stopped, which everybody can see; without the right, its connections cannot be seen, and so not that it hangs.
    s.client.signal('SIGSTOP');
    await until('the client to be stopped', () => processOf(s.client.pid).state === 'T');
    const args = ['--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace', PROGRAM, '--export', s.id,
      ...s.places.slice(0, 1), join(s.world.root, 'elsewhere'), ...s.places.slice(2), '--config-dir', s.world.configDir];
    const stdout = execFileSync('setpriv', args, { env: s.world.env, encoding: 'utf8' });
    assert.match(stdout, /^exported /m);
    assert.match(stdout, /nothing salvaged from the memory of pid \d+: its memory may not be read by this user/);
    assert.deepEqual(newestBackup(join(s.world.root, 'elsewhere')).parts, []);
    s.client.signal('SIGCONT');
  });
});
