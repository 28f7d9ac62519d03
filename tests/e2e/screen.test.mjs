// What only the screen tells: a client of 2.1.197 or later says nowhere else that a request failed and that
// it tries again, or that its usage limit is reached. In a tmux pane that is read, and only there.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { reply } from './lib/replies.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const PATIENCE_MIN = 0.02; // all of these have outlasted it
const LIMIT_S = 7200;

/** What is done to a client of each kind, until its screen says so. */
const KINDS = {
  refused: {
    env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
    shows: /retrying in \d+s · attempt [4-9]\/10/i,
    expected: { verdict: 'working', cause: 'retrying' },
  },
  overloaded: {
    reply: reply.overloaded(),
    shows: /retrying in \d+s · attempt [4-9]\/10/i,
    expected: { verdict: 'working', cause: 'retrying' },
  },
  limited: {
    env: { CLAUDE_CODE_RETRY_WATCHDOG: '1' },
    reply: () => reply.limited(Math.floor(Date.now() / 1000) + LIMIT_S),
    shows: /limit reached · retrying in .* · attempt 1\/\d+/i,
    expected: { verdict: 'waiting', cause: 'usage-limit' },
    versions: [MAIN, NEWEST], // 2.1.110 does not wait for it
  },
};

describe('a request that failed', () => {
  let world;

  const look = async (...more) => world.rescue.run(['--status', '--json', '-v', ...more], [world.configDir]);
  const foundOf = ({ json }, client) => json.sessions.find(({ pid }) => pid === client.pid);

  async function start(name, kind, version) {
    const { env, reply: answer, shows } = KINDS[kind];
    const client = await world.startClient({ cwd: world.project(name), version, env });
    if (answer) world.api.when((r) => r.isTurn && r.text.includes(`question of ${name}`), typeof answer === 'function' ? answer() : answer);
    await client.enter(`question of ${name}`);
    await until(`${name} to say so`, async () => shows.test(await client.screen()), { withinMs: 90_000, everyMs: 100, look: () => client.screen() });
    return client;
  }

  test('the scene is set up', async () => {
    world = await World.create();
    const healthy = await world.startClient({ cwd: world.project('healthy') });
    await healthy.turn('hello');
  });
  after(() => world?.destroy());

  for (const [kind, { expected, versions = [ON_NODE, MAIN, NEWEST] }] of Object.entries(KINDS))
    for (const version of versions)
      test(`${kind}, ${version}: ${expected.verdict}, ${expected.cause}`, async (t) => {
        const client = await start(`${kind}-${version}`, kind, version);
        // a try may be under way at the moment of a look
        const found = await until('the verdict', async () => {
          const seen = foundOf(await look('--timeout', PATIENCE_MIN), client);
          assert.notEqual(seen.advice, 'kill');
          assert.notEqual(seen.advice, 'revive');
          return seen.cause === expected.cause ? seen : null;
        }, { withinMs: 30_000, look: async () => `${await client.screen()}\n${JSON.stringify(foundOf(await look('--timeout', PATIENCE_MIN), client), null, 1)}` });
        t.diagnostic(JSON.stringify(found.evidence));
        assert.deepEqual({ verdict: found.verdict, cause: found.cause, advice: found.advice }, { ...expected, advice: 'wait' });
        if (kind === 'limited') assert.ok(found.evidence.some((line) => /a usage limit is reached, until \d+(:\d+)?[ap]m/.test(line)));
        if (kind === 'limited') assert.equal(found.confidence, 'low');
        if (kind === 'limited' || (kind === 'refused' && version !== ON_NODE))
          assert.ok(found.evidence.some((line) => /^its screen shows: .* · attempt \d+\/\d+$/.test(line)), 'the line itself is shown');
        await client.kill();
      });

  test('the screen of a healthy session is not read, that of a suspect one once', async () => {
    await world.tmux.countLooks();
    await look();
    await look('--timeout', PATIENCE_MIN);
    assert.equal(await world.tmux.looks(), 0);
    const client = await start('counted', 'refused', MAIN);
    await world.tmux.countLooks();
    await until('a look that has read it', async () => {
      const before = await world.tmux.looks();
      const { cause } = foundOf(await look('--timeout', PATIENCE_MIN), client);
      const more = (await world.tmux.looks()) - before;
      assert.ok(more <= 1);
      return more === 1 && cause === 'retrying';
    }, { withinMs: 30_000 });
    await client.kill();
  });

  test('where its screen cannot be read it is unknown, and that is said', async () => {
    // the variables of the pane are all that leads to it
    const hidden = await world.startClient({ cwd: world.project('hidden'), launcher: ['env', '-u', 'TMUX'], env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' } });
    await hidden.enter('question of hidden');
    await until('it to say so', async () => KINDS.refused.shows.test(await hidden.screen()), { withinMs: 90_000, everyMs: 100, look: () => hidden.screen() });
    const found = await until('a look between two tries', async () => {
      const seen = foundOf(await look('--timeout', PATIENCE_MIN), hidden);
      return seen.cause === 'no-request-seen' ? seen : null;
    }, { withinMs: 30_000, look: async () => JSON.stringify(foundOf(await look('--timeout', PATIENCE_MIN), hidden), null, 1) });
    assert.equal(found.verdict, 'unknown');
    assert.equal(found.advice, 'look');
    assert.ok(found.evidence.includes('its screen could not be read (it is not known to be a tmux pane of yours), and may tell more'));
    await hidden.kill();
  });
});
