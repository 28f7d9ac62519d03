// Damaged sessions before the real client and after --repair: what a resume brings to the model, to the word.
//
// Each damage of tests/fixtures/damage is laid into a store and resumed as it is, where the client has to
// fail or to lose what is said here; then again, repaired, where the API, which refuses whatever the real
// one refuses, has to be asked with the whole history. A repair that leaves the very bytes of the healthy
// session is not resumed again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CWD, DAMAGES, HISTORY, ID, NORMAL, damaged } from '../fixtures/damage/damages.mjs';
import { joinTurns } from './lib/api-rules.mjs';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { World } from './lib/world.mjs';

const SIDE_FILES = fileURLToPath(new URL('../fixtures/damage/session', import.meta.url));

// ---- what the client makes of each, and what a repair makes of it ----

const WHOLE = { lost: [], extra: [] };
const loses = (lost, extra = []) => ({ lost: [lost].flat(), extra: [extra].flat() });
const fails = (words) => ({ fails: words });
/** The API refuses it once, and the client then asks again without what was refused. */
const refused = (words, rest) => ({ ...rest, refused: words });
const allUpTo = (entry) => HISTORY.slice(0, HISTORY.indexOf(entry) + 1);
const without = (...entries) => HISTORY.filter((entry) => entries.includes(entry));

const BED = 'assistant: It is three metres long.';
const BED_TURN = ['call: echo three-metres', 'result: three-metres', BED];
const CALL = BED_TURN.slice(0, 2);
const HARDY = 'assistant: Thyme is hardy.';
const KEPT = 'assistant: A spade and a rake are there.'; // by the compaction
const LAST = 'assistant: Plant the thyme first.';
const THINKING = without('thinking: The middle of May, as a rule.', 'thinking: That agrees.');
const EMPTIED = 'user: (no content)'; // what the client makes of a result whose call is gone
const SAID = /^user: \[The result of a call that is not in the/; // cut as all that is heard
const UNFINISHED = 'assistant: No response requested.';
const REMOVED_BY_CLIENT = 'user: [Image removed: the API could not process this image…';
const REMOVED = /^user: \[image removed by session-rescue: /;

const CASES = {
  [MAIN]: [
    ['cut-tail', loses(LAST, UNFINISHED), loses(LAST, UNFINISHED)],
    ['stub-glued-to-prompt', loses(allUpTo('user: Measure both fences.')), WHOLE],
    ['stub-glued-to-answer', loses(BED_TURN), loses(BED_TURN.slice(0, 2))],
    ['stub-line', loses(BED), loses(BED)],
    ['two-on-a-line', loses(BED), WHOLE],
    ['two-on-a-line-prompt', loses(allUpTo('user: Measure both fences.')), WHOLE],
    ['nul-line', loses(BED), loses(BED)],
    ['nul-block', loses(allUpTo(BED)), loses(BED)],
    ['nul-before-prompt', loses(allUpTo('user: Measure both fences.')), WHOLE],
    ['nul-at-end', WHOLE, WHOLE],
    ['torn-by-other-writer', loses(BED), loses(BED)],
    ['missing-parent', loses(allUpTo(BED)), WHOLE],
    ['missing-parent-twice', loses(allUpTo('assistant: Seven, I am told.')), WHOLE],
    ['missing-parent-behind-boundary', loses(HISTORY.slice(0, 2)), WHOLE],
    ['phantom-parent', loses(allUpTo(BED)), WHOLE],
    ['self-parent', loses(allUpTo(BED)), WHOLE],
    ['cycle', loses(allUpTo(BED)), WHOLE],
    ['dead-end-leaf', loses(HISTORY.slice(4), ['user: A question that was given up.', UNFINISHED]), WHOLE],
    ['unanswered-call-refused', loses([...BED_TURN.slice(0, 2), LAST]), loses(['result: three-metres', LAST], [/^result: ./, UNFINISHED])],
    ['changed-thinking-refused', refused(/Invalid `signature`/, loses([...THINKING, LAST])), loses([...THINKING, LAST], UNFINISHED)],
    ['empty-text', fails(/text content blocks must be non-empty/), loses('assistant: I will measure.')],
    ['large-image', fails(/exceeds API limit/), loses([], REMOVED)],
    ['wide-image', refused(/8000 pixels/, loses([], REMOVED_BY_CLIENT)), loses([], REMOVED)],
    ['many-images', refused(/2000 pixels/, loses([], Array(21).fill(REMOVED_BY_CLIENT))), loses([], [...Array(20).fill('image'), REMOVED])],
    ['malformed-attachment', fails(/Failed to resume session/), WHOLE],
    ['malformed-attachment-kind', fails(/e\.content\.map/), WHOLE],
    ['null-content', fails(/null is not an object/), loses(BED)],
    ['string-content', fails(/content\.some is not a function/), WHOLE],
    ['no-message', fails(/Failed to resume session/), loses(BED)],
    ['no-timestamps', fails(/No conversation found/), WHOLE],
  ],
  // The same damage, and another end of it.
  [NEWEST]: [
    ['stub-glued-to-prompt', fails(/first message must use the "user" role/), WHOLE],
    ['missing-parent', loses(allUpTo(BED)), WHOLE],
    ['dead-end-leaf', loses(HISTORY.slice(4), ['user: A question that was given up.', UNFINISHED]), WHOLE],
  ],
  [ON_NODE]: [
    ['two-on-a-line', loses(BED_TURN), WHOLE],
    ['nul-after-record', loses(HARDY), WHOLE],
    ['missing-parent', loses(allUpTo(BED)), WHOLE],
  ],
};

/**
 * What this client copes with, or loses for good: as it is, and repaired where the repair changes something.
 * Of the versions that it hurts, or of the API's refusal, the records tell.
 */
const TOLERATED = {
  'cut-newline': [WHOLE],
  'fragment': [WHOLE, WHOLE],
  'missing-parent-near': [loses(BED), loses(BED)],
  'missing-boundary': [loses(KEPT)],
  'missing-root': [WHOLE],
  'progress-fork': [WHOLE, WHOLE],
  'explicit-leaf-gone': [WHOLE],
  'summary-leaf-gone': [WHOLE],
  'boundary-parent-gone': [loses(KEPT)],
  'boundary-parent-phantom': [WHOLE],
  'orphan-result': [loses(CALL, EMPTIED), loses(CALL, SAID)],
  'orphan-result-linked': [loses(CALL, EMPTIED), loses(CALL, SAID)],
  'orphan-result-refused': [loses([...CALL, LAST], EMPTIED), loses([...CALL, LAST], [SAID, UNFINISHED])],
  'unanswered-call': [loses(CALL), loses(CALL)],
  'one-of-two-results': [loses(['call: echo south-eight', 'result: south-eight'])],
  'duplicate-call': [WHOLE],
  'duplicate-call-refused': [loses(LAST), loses(LAST, UNFINISHED)],
  'changed-thinking': [refused(/Invalid `signature`/, loses(THINKING))],
  'unsigned-thinking': [refused(/Invalid `signature`/, loses(THINKING))],
  'empty-text-alone': [loses(HARDY)],
  'empty-text-refused': [fails(/text content blocks must be non-empty/), loses(['assistant: I will measure.', LAST], UNFINISHED)],
  'lone-surrogate': [loses(HARDY, /^assistant: Thyme is hardy \ufffd\.$/)],
  'lone-surrogate-old': [loses(HARDY, /^assistant: Thyme is hardy \ufffd\.$/), loses(HARDY, 'assistant: Thyme is hardy \ufffd.')],
  'nul-escape': [loses(HARDY, /^assistant: Thyme is hardy ./)],
  'bad-utf8': [loses(HARDY, /^assistant: Thyme is hardy \ufffd+\.$/)],
  'wide-image-in-result': [refused(/8000 pixels/, WHOLE), WHOLE],
  'huge-record': [WHOLE],
  'malformed-snapshot': [WHOLE],
  'malformed-input': [loses('call: echo three-metres', 'call: 7')],
  'error-tail': [loses(LAST)],
  'too-long': [loses(LAST)], // --fit is tried in fit.test.mjs
  'only-sidechain': [fails(/No conversation found/)],
  'only-metadata': [fails(/No conversation found/)],
  'empty': [fails(/No conversation found/)],
};

/** Resumed as far as it goes; nothing is to repair. */
const HARMLESS = {
  'hollow-thinking': loses(THINKING, ['thinking: ', 'thinking: ']),
  'open-call-at-end': loses(HISTORY.slice(HISTORY.indexOf('call: echo the-ice-saints'))),
  'interrupted': loses(LAST, UNFINISHED),
  'first-flush': loses(HISTORY, ['user: What grows in the shade?', 'assistant: Ferns grow in the shade.']),
};

describe('repair', { concurrency: 2 }, () => {
  let world;
  let serial = 0;
  const seen = new Set(); // transcripts that were resumed whole, their ids left out

  before(async () => { world = await World.create(); });
  after(() => world?.destroy());

  /**
   * Lays a session into the store, under an id and in a directory of its own: of an old client one cannot tell
   * which session of its directory it has, and while it lives none of them is repaired.
   */
  function lay(name) {
    const id = `5e551011-0000-4000-8001-${String(++serial).padStart(12, '0')}`;
    const cwd = join(world.root, 'gardens', id);
    const folder = join(world.configDir, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'));
    const path = join(folder, `${id}.jsonl`);
    mkdirSync(cwd, { recursive: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, damaged(name).bytes().toString('latin1').replaceAll(ID, id).replaceAll(CWD, cwd), { encoding: 'latin1', mode: 0o600 });
    cpSync(SIDE_FILES, join(folder, id), { recursive: true });
    return { id, cwd, path };
  }

  const nameless = ({ id, path }) => readFileSync(path, 'latin1').replaceAll(id, '');

  async function resume({ id, cwd }, version = MAIN) {
    const prompt = `And now, number ${++serial}?`;
    const { status, stdout, stderr } = await world.startPrint({ cwd, version, prompt, args: ['--resume', id] }).ended;
    const requests = world.api.requests.filter((r) => r.isTurn && r.text.includes(prompt));
    const accepted = requests.filter((r) => !r.refusal).at(-1);
    return { status, output: stdout + stderr, refusals: requests.flatMap((r) => r.refusal?.message ?? []),
      heard: accepted && withoutPrompt(heardBy(accepted), prompt),
      messages: accepted && JSON.stringify(accepted.body.messages).replaceAll(id, '').replaceAll(cwd, '').replaceAll(prompt, '') };
  }

  function assertResult({ status, output, refusals, heard }, expected) {
    if (expected.fails) {
      assert.notEqual(status, 0, `it was resumed: ${output}`);
      assert.match(output, expected.fails);
      return;
    }
    assert.equal(status, 0, output);
    if (expected.refused) assert.match(refusals[0] ?? 'not refused', expected.refused);
    else assert.deepEqual(refusals, []);
    assertHistory(heard, expected);
  }

  const rescue = (...args) =>
    world.rescue.run([...args, '--json', '--pending-dir', join(world.root, 'pending'), '--log-dir', join(world.root, 'log')], [world.configDir]);

  async function repair(session, ...more) {
    const { status, json, stderr } = await rescue('--repair', session.id, '--force', ...more);
    assert.ok(status === 0 || status === 1, stderr);
    return json;
  }

  test('the healthy session is resumed with its history, and has nothing to repair', async () => {
    const session = lay('healthy');
    const bytes = nameless(session);
    assert.equal((await repair(session)).outcome, 'nothing-to-repair');
    assert.equal(nameless(session), bytes);
    assertResult(await resume(session), WHOLE);
    seen.add(bytes);
  });

  for (const [version, cases] of Object.entries(CASES)) {
    for (const [name, spoilt, mended] of cases) {
      test(`${version}: ${name}: ${saidOf(spoilt)}; repaired, ${saidOf(mended)}`, async () => {
        assertResult(await resume(lay(name), version), spoilt);

        const session = lay(name);
        assert.equal((await repair(session)).outcome, 'repaired');
        const repaired = nameless(session);
        if (!seen.has(repaired)) assertResult(await resume(session, version), mended);
        else assert.deepEqual(mended, WHOLE);
        assertWholeLines(session);
      });
    }
  }

  for (const name of Object.keys(NORMAL).filter((name) => name !== 'healthy')) {
    test(`${MAIN}: ${name}: ${NORMAL[name][0]}: ${saidOf(HARMLESS[name] ?? WHOLE)}, and nothing to repair`, async () => {
      const session = lay(name);
      const bytes = nameless(session);
      assert.equal((await repair(session)).outcome, 'nothing-to-repair');
      assert.equal(nameless(session), bytes);
      assertResult(await resume(session), HARMLESS[name] ?? WHOLE);
    });
  }

  for (const [name, [spoilt, mended]] of Object.entries(TOLERATED)) {
    test(`${MAIN}: ${name}: ${saidOf(spoilt)}${mended ? `; repaired, ${saidOf(mended)}` : ', and nothing to repair'}`, async () => {
      const session = lay(name);
      const bytes = nameless(session);
      if (mended) assertResult(await resume(lay(name)), spoilt);
      assert.equal((await repair(session)).outcome, mended ? 'repaired' : 'nothing-to-repair');
      assert.equal(nameless(session) === bytes, !mended);
      assertResult(await resume(session), mended ?? spoilt);
    });
  }

  // As jq and editors write records, and a Windows shell text. Of the client's own lines the first is left, or none.
  const UNFOUND = fails(/No conversation found/);
  const overSeveral = (lines) => lines.map(overLines).join('');
  const FORMS = [
    [MAIN, 'records over several lines', overSeveral, WHOLE],
    [NEWEST, 'records over several lines', overSeveral, WHOLE],
    [ON_NODE, 'records over several lines', overSeveral, UNFOUND],
    [MAIN, 'one line, and the rest over several', ([first, ...rest]) => `${first}\n${overSeveral(rest)}`, WHOLE],
    [MAIN, 'one array', (lines) => overLines(lines.map((line) => JSON.parse(line))), UNFOUND],
    [MAIN, 'UTF-16', (lines) => Buffer.from(`\ufeff${lines.join('\r\n')}\r\n`, 'utf16le'), UNFOUND],
  ];
  for (const [version, form, write, spoilt] of FORMS) {
    test(`${version}: ${form}: ${saidOf(spoilt)}; repaired, whole`, async () => {
      const rewrite = ({ path }) => writeFileSync(path, write(readFileSync(path, 'utf8').trimEnd().split('\n')));
      const session = lay('healthy');
      rewrite(session);
      assertResult(await resume(session, version), spoilt);

      const other = lay('healthy');
      const bytes = nameless(other);
      rewrite(other);
      const { outcome, form: found } = await repair(other);
      assert.equal(outcome, 'repaired');
      assert.equal(found.encoding, form === 'UTF-16' ? 'utf-16le' : 'utf-8');
      assertWholeLines(other);
      if (form !== 'UTF-16') assert.equal(nameless(other), bytes);
      assertResult(await resume(other, version), WHOLE);
    });
  }

  test('a byte order mark does the client no harm', async () => {
    const session = lay('healthy');
    writeFileSync(session.path, `\ufeff${readFileSync(session.path, 'utf8')}`);
    assertResult(await resume(session), WHOLE);
  });

  test('--shrink: what the client sends is the same after it, byte for byte', async () => {
    const [whole, shrunk] = [lay('huge-record'), lay('huge-record')];
    const { outcome, edits } = await repair(shrunk, '--shrink');
    assert.equal(outcome, 'repaired');
    assert.deepEqual(edits.map(({ kind }) => kind), ['huge-record']);
    assert.ok(readFileSync(shrunk.path).length < readFileSync(whole.path).length - 5e6);
    const [before, after] = [await resume(whole), await resume(shrunk)];
    assertResult(after, WHOLE);
    assert.deepEqual(after.messages, before.messages);
  });

  test('a transcript in the folder of another directory is not found from its own', async () => {
    const session = lay('healthy');
    const elsewhere = join(world.root, 'gardens', 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    const folder = join(world.configDir, 'projects', elsewhere.replace(/[^A-Za-z0-9]/g, '-'));
    mkdirSync(folder, { recursive: true });
    renameSync(session.path, join(folder, `${session.id}.jsonl`));
    renameSync(session.path.slice(0, -6), join(folder, session.id));
    assertResult(await resume(session), fails(/No conversation found/));
    assertResult(await resume({ ...session, cwd: elsewhere }), WHOLE);
  });

  for (const name of ['cut-tail', 'nul-at-end']) {
    test(`${name}: not repaired, the first record that a resume appends is lost`, async () => {
      const session = lay(name);
      await resume(session);
      const broken = readFileSync(session.path, 'utf8').split('\n').filter((line) => line && !isRecord(line));
      assert.equal(broken.length, 1);
      assert.match(broken[0], /.\{"type":"queue-operation","operation":"enqueue".*\}$/s);
    });
  }

  test('--restore undoes a repair', async () => {
    const session = lay('missing-parent');
    const spoilt = readFileSync(session.path);
    const { backup } = await repair(session);
    assert.notDeepEqual(readFileSync(session.path), spoilt);
    const { status, stderr } = await rescue('--restore', backup, '--force');
    assert.equal(status, 0, stderr);
    assert.deepEqual(readFileSync(session.path), spoilt);
    assertResult(await resume(session), loses(allUpTo(BED)));
  });

  test('--as-copy leaves the session alone, and its copy is resumed whole', async () => {
    const session = lay('missing-parent');
    const spoilt = readFileSync(session.path);
    const { outcome, new_session_id: id, new_path: path } = await repair(session, '--as-copy');
    assert.equal(outcome, 'repaired');
    assert.deepEqual(readFileSync(session.path), spoilt);
    assert.equal(path, join(dirname(session.path), `${id}.jsonl`));
    assertResult(await resume({ id, cwd: session.cwd }), WHOLE);
  });
});

test('every damage has its say here', () => {
  const said = new Set([...Object.values(CASES).flat().map(([name]) => name), ...Object.keys(TOLERATED)]);
  assert.deepEqual(Object.keys(DAMAGES).filter((name) => !said.has(name)), []);
});

function overLines(record) {
  return `${JSON.stringify(typeof record === 'string' ? JSON.parse(record) : record, null, 2)}\n`;
}

// ---- what the model hears ----

/** One entry for each block that was said, in order; what the client adds by itself is left out. */
function heardBy(request) {
  return joinTurns(request.body.messages).flatMap(({ role, content }) => content.flatMap((block) => {
    switch (block.type) {
      case 'text':
        return /^<system-reminder>|^\s*<(local-)?command/.test(block.text) ? [] : [`${role}: ${inShort(block.text)}`];
      case 'thinking':
        return [`thinking: ${block.thinking}`];
      case 'tool_use':
        return [`call: ${block.input.command ?? block.input.prompt}`];
      case 'tool_result':
        return [`result: ${inShort(typeof block.content === 'string' ? block.content : block.content[0].text)}`];
      default:
        return [block.type];
    }
  }));
}

function inShort(text) {
  const line = text.trim();
  return line.length <= 52 ? line : `${line.slice(0, 52)}…`;
}

/** The client says it last; behind an unanswered prompt it says it in one message with that. */
function withoutPrompt(entries, prompt) {
  assert.ok(entries.at(-1).endsWith(prompt), `the prompt is not the last that was said: ${entries.at(-1)}`);
  return entries.slice(0, -1);
}

/** What of the history is missing, what is there beside it (words, or a pattern for each), and the rest in its order. */
function assertHistory(heard, { lost, extra }) {
  const rest = [...HISTORY];
  const beside = heard.filter((entry) => !rest.includes(entry) || rest.splice(rest.indexOf(entry), 1).length === 0);
  assert.deepEqual(rest, without(...lost));
  assert.equal(beside.length, extra.length, `heard beside it: ${beside.join(' | ')}`);
  extra.forEach((entry, i) => (entry instanceof RegExp ? assert.match(beside[i], entry) : assert.equal(beside[i], entry)));
  assert.deepEqual(heard.filter((entry) => HISTORY.includes(entry)), HISTORY.filter((entry) => !lost.includes(entry)));
}

function assertWholeLines({ path }) {
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) assert.ok(line === '' || isRecord(line), `line ${i + 1}: ${line}`);
}

function isRecord(line) {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

function saidOf({ fails: why, lost, extra, refused: once }) {
  if (why) return 'it fails';
  const words = lost.length === 0 ? (extra.length === 0 ? 'whole' : 'whole but for what was replaced') : `without ${lost.length} of ${HISTORY.length}`;
  return once ? `refused once, then ${words}` : words;
}
