// A look at each agent besides the first, with its real client: idle, then hung in mid-reply, and copied whole while it hangs. The
// rest is in `make e2e-agents`: every state, every mode that acts (agents-matrix.mjs).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isKnown } from './lib/agent-matrix.mjs';
import { AgentWorld, KEY, noAgents } from './lib/agent-world.mjs';
import { codex } from './lib/agents/codex.mjs';
import { copilot } from './lib/agents/copilot.mjs';
import { gemini } from './lib/agents/gemini.mjs';
import { kimi } from './lib/agents/kimi.mjs';
import { qwen } from './lib/agents/qwen.mjs';
import { until } from './lib/wait.mjs';

// Two at a time: each waits most of its time.
describe('agents', { timeout: 900_000, skip: noAgents, concurrency: 2 }, () => {
  for (const agent of [codex, qwen, copilot, kimi, gemini]) describe(agent.name, { concurrency: 1 }, () => lookAt(agent));
});

function lookAt(agent) {
  let world, client, id, unserved;

  before(async () => {
    unserved = !(await isKnown(agent)) && `not served: the program does not know ${agent.name}`;
    if (unserved) return;
    world = await AgentWorld.create(agent);
    client = await world.start(world.folder('project'));
    await client.turn('remember MARK [[say ANSWER-MARK]]', 'ANSWER-MARK');
    id = await until('its session', () => client.sessionId());
  });
  after(() => world?.close());

  const becomes = (verdict, holds = () => true) => {
    let seen;
    return until(`${agent.name} is ${verdict}`, async () => {
      seen = await client.row(await world.look('--timeout', '0.05'));
      return seen?.verdict === verdict && holds(seen) && seen;
    }, { withinMs: 60_000, look: () => JSON.stringify(seen, null, 1) });
  };

  test(`${agent.name}, idle: found, mapped, its turn over`, async (t) => {
    if (unserved) return t.skip(unserved);
    const { ui, owner } = client.pids();
    // Who draws a session that another process runs may stand in the agent's log only seconds later.
    const row = await becomes('idle', ({ ui_pids: drawn }) => ui === owner || drawn.length > 0);
    assert.equal(row.agent, agent.name);
    assert.equal(row.session_id, id);
    assert.equal(row.pid, owner);
    if (ui !== owner) assert.deepEqual(row.ui_pids, [ui]);
    assert.equal(row.cwd, client.cwd);
    assert.equal(row.version, agent.records ? agent.records.version : agent.version);
  });

  test(`${agent.name}, stalled in mid-reply: hung, and kept whole while it hangs`, async (t) => {
    if (unserved) return t.skip(unserved);
    await client.say('now [[stall]]');
    await becomes('hung');
    const { status, stderr } = await world.act('--export', id);
    assert.equal(status, 0, stderr);
    const stem = readdirSync(world.pending).find((name) => name.endsWith('.sha256')).replace('.sha256', '');
    assert.ok(stem.endsWith(`-LOSSLESS-${agent.name}-${id}`), stem);
    execFileSync('sha256sum', ['--quiet', '-c', `${stem}.sha256`], { cwd: world.pending });
    const copy = readFileSync(join(world.pending, `${stem}.jsonl`), 'utf8');
    assert.ok(copy.includes('ANSWER-MARK'));
    assert.ok(copy.includes('now [[stall]]'));
    assert.ok(!copy.includes(KEY));
  });
}
