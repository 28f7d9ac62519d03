// Diagnosis: a real client in every state that it can be brought to, and the verdict of the program on each.
//
// Each state is looked at twice: with a patience of three seconds, which all of them have outlasted by
// then, and with the usual ten minutes, which none has. What a healthy client does must be called healthy
// both times; what stands still is hung for the impatient look only, except for states that no patience
// can heal.
//
// The clients of a group run at the same time, groups one after another: a busy client keeps a sixth of a
// core busy with its spinner.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { statSync } from 'node:fs';
import { processOf } from './lib/procfs.mjs';
import { Rescue } from './lib/rescue.mjs';
import * as scenarios from './lib/scenarios.mjs';
import { sleep, until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const IMPATIENCE_MIN = 0.05;
const IMPATIENCE_MS = IMPATIENCE_MIN * 60_000;

const idle = (cause) => ({ verdict: 'idle', cause });
const working = (...causes) => ({ verdict: 'working', causes });
const waiting = (cause) => ({ verdict: 'waiting', cause });
const hung = (...causes) => ({ verdict: 'hung', causes });

// own: what the client says of itself in its registry, or nothing where it is too old to.
// always: what the program has to say under any patience; else `soon` and `late`: before and after.
const STATES = {
  'with nothing to do, or stopped': {
    blank: { own: 'idle', always: idle('nothing-yet') },
    idle: { own: 'idle', always: idle('turn-over') },
    refused: { own: 'idle', always: idle('turn-over') },
    backgroundJob: { own: 'shell', always: idle('background-jobs') },
    permissionPrompt: { own: 'waiting', always: waiting('permission-prompt') },
    questionAsked: { own: 'waiting', always: waiting('question') },
    stopped: { own: 'idle', always: { verdict: 'stopped', cause: 'job-control' } },
    stoppedWhileBusy: { own: 'busy', always: { verdict: 'stopped', cause: 'job-control' } },
  },
  // Alone: it must be looked at soon after it has tried again.
  'whose API is overloaded': {
    retrying: { own: 'busy', always: working('retrying') },
  },
  // Alone, so that it does not wait long for others: after a minute or more it may notice, and end.
  'without a terminal': {
    terminalGone: { own: undefined, always: { verdict: 'orphaned', cause: 'terminal-gone' } },
  },
  'waiting for the API': {
    generating: { own: 'busy', always: working('generating') },
    stalledStream: { own: 'busy', soon: working('generating', 'awaiting-reply'), late: hung('reply-stalled') },
    stalledWithPings: { own: 'busy', soon: working('generating', 'awaiting-reply'), late: hung('reply-stalled') },
    unanswered: { own: 'busy', soon: working('awaiting-reply'), late: hung('no-reply') },
    headersOnly: { own: 'busy', soon: working('awaiting-reply', 'generating'), late: hung('no-reply', 'reply-stalled') },
    compacting: { own: 'busy', soon: working('compacting'), late: hung('compaction-stuck') },
  },
  'with tools and helpers': {
    toolRunning: { own: 'busy', always: working('tool-running') },
    toolStopped: { own: 'busy', soon: working('tool-running'), late: hung('tool-stuck') },
    // A long tool is not a hung one: only past the longest time that the client grants is it stuck.
    toolLocked: { own: 'busy', always: working('tool-running') },
    toolOpensFifo: { own: 'busy', soon: working('tool-running'), late: hung('tool-blocked-on-input') },
    toolReadsPipe: { own: 'busy', soon: working('tool-running'), late: hung('tool-blocked-on-input') },
    mcpStuck: { own: 'busy', soon: working('tool-running'), late: hung('mcp-stuck') },
    subagentRunning: { own: 'busy', always: working('subagent-running') },
    subagentStalled: { own: 'busy', soon: working('subagent-running'), late: hung('reply-stalled') },
    terminalNotRead: { own: 'busy', late: hung('terminal-not-read') },
  },
};

for (const [group, states] of Object.entries(STATES)) {
  describe(`a client ${group}`, () => {
    let world;
    let clients;
    let soon;
    let late;
    let commonRule;

    test('the scene is set up', async () => {
      world = await World.create();
      clients = Object.fromEntries(await Promise.all(Object.keys(states).map(async (name) => [name, await scenarios[name](world)])));
      await silenceOf(IMPATIENCE_MS * 1.5);
      commonRule = await verdictsByTheCommonRule(clients);
      await clients.retrying?.nextTry();
      late = await world.rescue.run(['--status', '--json', '--timeout', IMPATIENCE_MIN], [world.configDir]);
      soon = await world.rescue.run(['--status', '--json'], [world.configDir]);
    });

    after(() => world?.destroy());

    for (const [name, { own, always, soon: expectedSoon = always, late: expectedLate = always }] of Object.entries(states)) {
      test(`${name}: the client itself says ${own ?? 'nothing'}`, async () => {
        assert.equal((await clients[name].registry()).status, own);
      });
      if (expectedSoon) test(`${name}: ${wordsOf(expectedSoon)}`, () => judged(soon, clients[name], expectedSoon));
      if (expectedLate) test(`${name}, out of patience: ${wordsOf(expectedLate)}`, () => judged(late, clients[name], expectedLate));
    }

    test('none is called unsaved', () => {
      assert.deepEqual([...Rescue.unsaved(soon), ...Rescue.unsaved(late)], []);
    });

    test('the exit status says whether something is hung', () => {
      const anyHung = (looks) => Object.values(states).some((state) => (state[looks] ?? state.always)?.verdict === 'hung');
      assert.equal(late.status, anyHung('late') ? 1 : 0);
      assert.equal(late.json.counts.hung, late.json.sessions.filter(({ verdict }) => verdict === 'hung').length);
    });

    test('beside the common rule (silent transcript and CPU growing is hung)', (t) => {
      for (const [name, { always, late: expected = always }] of Object.entries(states)) {
        const ours = found(late, clients[name]);
        t.diagnostic(`${name.padEnd(17)} is ${expected.verdict.padEnd(9)} ours ${`${ours.verdict}/${ours.cause}`.padEnd(32)} common rule ${commonRule[name]}`);
      }
      assert.equal(Object.keys(commonRule).length, Object.keys(states).length);
    });
  });
}

describe('a client whose terminal was closed', () => {
  let world;
  let client;
  test('the scene is set up', async () => {
    world = await World.create();
    client = await scenarios.terminalClosed(world);
  });
  after(() => world?.destroy());

  test('is not listed any more', async () => {
    assert.deepEqual(await world.rescue.sessions(['--status'], [world.configDir]), []);
  });

  test('leaves a session that can be resumed', async () => {
    const [session, ...others] = await world.rescue.sessions(['--resume'], [world.configDir]);
    assert.deepEqual(others, []);
    assert.equal(session.session_id, client.id);
    assert.equal(session.pid, null);
    assert.ok(session.resume_command.includes(client.id));
  });
});

function found(look, client) {
  return look.json.sessions.find(({ pid }) => pid === client.pid);
}

function judged(look, client, { verdict, cause, causes = [cause] }) {
  const session = found(look, client);
  assert.ok(session, 'it is listed');
  const told = `${session.verdict}/${session.cause}: ${JSON.stringify(session.evidence)}`;
  assert.equal(session.verdict, verdict, told);
  assert.ok(causes.includes(session.cause), told);
  assert.ok(session.evidence.length > 0, 'a verdict has evidence');
}

function wordsOf({ verdict, cause, causes = [cause] }) {
  return `${verdict}, ${causes.join(' or ')}`;
}

/** The one place where time has to pass: silence is what is judged. By the monotonic clock. */
async function silenceOf(ms) {
  const end = performance.now() + ms;
  await until('silence to grow old', () => performance.now() >= end, { withinMs: ms * 10 });
}

/** What `ls -l` and `ps` twice would make of each client: the rule that other tools publish. */
async function verdictsByTheCommonRule(clients) {
  const ticks = () => Object.values(clients).map(({ pid }) => processOf(pid).cpuTicks);
  const before = ticks();
  await sleep(1000);
  const after = ticks();
  return Object.fromEntries(await Promise.all(Object.entries(clients).map(async ([name, client], i) => {
    const transcript = await client.transcript();
    const silent = transcript === null || Date.now() - statSync(transcript).mtimeMs > IMPATIENCE_MS;
    return [name, silent && after[i] > before[i] ? 'hung' : 'not hung'];
  })));
}
