// Finding: every session of a scratch world, as the program sees it, against what the test itself knows:
// the pid and terminal from the pane's shell, the id and directory from the client's own registry, the
// transcript from where the client wrote it.
//
// One scene for all tests, since each client costs a second: it is set up once, looked at once, and the
// tests that change it (ending clients, deleting registry files) stand last, in this order.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { rmSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './lib/client.mjs';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';
import { descendantsOf, isAlive } from './lib/procfs.mjs';
import { bash, reply, withDirective } from './lib/replies.mjs';
import { PROGRAM, Rescue } from './lib/rescue.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

describe('finding', () => {
  let world;
  let otherConfig;
  let scopes; // both configuration directories
  let clients; // the live interactive ones, by name
  let print; // `claude -p`, asked and not answered
  let inner; // `claude -p` that a tool of clients.outer runs
  let killed; // what is left of a client after SIGKILL
  let ended; // a session of the other configuration whose client ended
  let status; // one look at all of it
  let resume;

  // A test and not a hook, so that its failure is one failure with a reason.
  test('the scene is set up', async () => {
    world = await World.create();
    otherConfig = world.addConfigDir('other-config');
    scopes = [world.configDir, otherConfig];

    const shared = world.project('shared');
    const resumedIn = world.project('resumed');
    const continuedIn = world.project('continued');
    const twinsIn = world.project('twins');
    const killedIn = world.project(`it's "killed" in $HOME; a b`);
    const endedIn = world.project('ended (é)');
    const [resumedId, , twinId] = await Promise.all([resumedIn, continuedIn, twinsIn].map(async (cwd) => {
      const client = await world.startClient({ cwd });
      await client.turn('the first prompt');
      const id = await client.sessionId();
      await client.end();
      return id;
    }));

    const start = (cwd, ...args) => world.startClient({ cwd, args });
    const names = ['first', 'second', 'resumed', 'continued', 'cleared', 'blank', 'outer', 'twin', 'otherTwin', 'other', 'newest', 'old', 'killed', 'ended'];
    const started = await Promise.all([
      start(shared), start(shared), start(resumedIn, '--resume', resumedId), start(continuedIn, '--continue'),
      start(world.project('cleared')), start(world.project('blank')), start(world.project('outer'), '--allowedTools', 'Bash'),
      start(twinsIn, '--resume', twinId), start(twinsIn, '--resume', twinId),
      world.startClient({ cwd: world.project('other'), configDir: otherConfig }),
      world.startClient({ cwd: world.project('newest'), version: NEWEST }),
      world.startClient({ cwd: world.project('old'), version: ON_NODE }),
      start(killedIn),
      world.startClient({ cwd: endedIn, configDir: otherConfig }),
    ]);
    clients = Object.fromEntries(names.map((name, i) => [name, started[i]]));

    print = world.startPrint({ cwd: world.project('print'), prompt: 'a question from a script', reply: reply.silence() });
    const { blank, outer, cleared, ...talking } = clients;
    await Promise.all([
      ...Object.entries(talking).map(([name, client]) => client.turn(`hello from ${name}`)),
      clearAfterATurn(cleared),
      outer.ask('ask another client', reply.tools([bash(`claude -p '${withDirective('inner question', reply.silence())}'`)])),
      // The prompt of the outer one holds the inner one's words too; only the inner is left without an answer.
      ...['inner question', 'a question from a script'].map((words) => world.api.waitFor(
        (r) => r.reply?.kind === 'silence' && r.text.includes(words), { withinMs: 60_000 })),
    ]);
    inner = { ...descendantsOf(outer.pid).find(({ comm }) => comm === 'claude'), cwd: outer.cwd, configDir: outer.configDir };

    ended = await remains(clients.ended);
    await clients.ended.end();
    delete clients.ended;
    killed = await remains(clients.killed);
    await clients.killed.kill(); // last: a client that starts tidies away what dead ones left
    delete clients.killed;

    status = await world.rescue.run(['--status', '--json'], scopes);
    resume = await world.rescue.run(['--resume', '--json'], scopes);
  });

  after(() => world?.destroy());

  const found = (client) => status.json.sessions.find(({ pid }) => pid === client.pid);
  const resumable = (id) => resume.json.sessions.find(({ session_id: other }) => other === id);

  test('the scene is what the tests below say it is', async () => {
    const { first, second, resumed, cleared, twin, otherTwin, outer, blank } = clients;
    assert.notEqual(await first.sessionId(), await second.sessionId());
    assert.equal(await twin.sessionId(), await otherTwin.sessionId());
    assert.ok((await resumed.screen()).includes('the first prompt'));
    assert.ok(readFileSync(await cleared.transcript(), 'utf8').includes('after the clear'));
    assert.ok(!readFileSync(await cleared.transcript(), 'utf8').includes('before the clear'));
    assert.equal(await blank.transcript(), null);
    assert.ok(descendantsOf(outer.pid).some(({ pid }) => pid === inner.pid));
    assert.ok(!isAlive(killed.pid) && existsSync(killed.registryFile), 'the killed client has left its registry file');
    assert.ok(!isAlive(ended.pid) && !existsSync(ended.registryFile), 'the ended client has removed its registry file');
  });

  test('exactly the live clients are listed, each once', () => {
    const live = [...Object.values(clients), print, inner].map(({ pid }) => pid);
    assert.deepEqual(status.json.sessions.map(({ pid }) => pid).sort(), live.sort());
    assert.equal(status.json.counts.detected, live.length);
    assert.equal(status.json.counts.hung, 0);
    assert.equal(status.status, 0, status.stderr);
  });

  test('none of them is called unsaved', () => {
    assert.deepEqual(Rescue.unsaved(status), []);
  });

  // A registry entry is the expectation for what it says itself; the rest is known to the test.
  const interactive = {
    first: 'one of two in a directory', second: 'the other of two in a directory', resumed: 'one resumed by its id',
    continued: 'one continued', cleared: 'one after /clear', blank: 'one not asked anything yet', outer: 'one that runs a tool',
    twin: 'one of two on the same session', otherTwin: 'the other on the same session',
    other: 'one with CLAUDE_CONFIG_DIR', newest: `client ${NEWEST}`, old: `client ${ON_NODE}, which runs in node`,
  };
  const versions = { newest: NEWEST, old: ON_NODE };
  for (const [name, what] of Object.entries(interactive)) {
    test(`terminal, id, transcript and directory of ${what}`, async () => {
      const client = clients[name];
      const session = found(client);
      assert.ok(session, 'it is listed');
      const registry = await client.registry();
      assertHas(session, {
        agent: 'claude', kind: 'interactive', entrypoint: 'cli', version: versions[name] ?? MAIN,
        pid: client.pid, ppid: client.pane.shellPid, tty: client.tty, cwd: client.cwd, config_dir: client.configDir,
        session_id: registry.sessionId, transcript: await client.transcript(),
        current: false, parent_pid: null, parent_session_id: null, resume_command: null,
      });
      assert.equal(session.mapping.by, 'registry');
      if (name !== 'old') assert.equal(session.mapping.confidence, 'exact'); // old ones note no start time
      const startedAt = Date.parse(session.started_at); // a whole second
      assert.ok(startedAt > client.startedAfter - 3000 && startedAt < client.startedBefore + 3000,
        `${session.started_at} is when the process started: ${new Date(client.startedAfter).toISOString()} or soon after`);
    });
  }

  test('each client in tmux names its pane', () => {
    for (const client of Object.values(clients))
      assert.deepEqual(found(client).multiplexer, { kind: 'tmux', pane: client.pane.id, server: world.tmux.socket });
  });

  test('a client after /clear has the new id', async () => {
    assert.notEqual(found(clients.cleared).session_id, clients.cleared.idBeforeClear);
  });

  test('a client that was continued has the id of the session it goes on with', async () => {
    assert.ok(readFileSync(found(clients.continued).transcript, 'utf8').includes('the first prompt'));
  });

  test('`claude -p` is found while it runs, without a terminal', async () => {
    const registry = await world.registryOf(print.pid);
    assertHas(found(print), { kind: 'print', entrypoint: 'sdk-cli', tty: null, multiplexer: null, cwd: print.cwd,
      session_id: registry.sessionId, transcript: world.transcriptOf(registry.sessionId), parent_pid: null, verdict: 'working' });
  });

  test('a client that a tool of another one started names that one', async () => {
    const registry = await world.registryOf(inner.pid);
    assertHas(found(inner), { kind: 'print', tty: null, cwd: inner.cwd, session_id: registry.sessionId,
      transcript: world.transcriptOf(registry.sessionId), parent_pid: clients.outer.pid,
      parent_session_id: await clients.outer.sessionId(), verdict: 'working' });
  });

  test('two clients on one session name each other, and nobody else is a twin', () => {
    const { twin, otherTwin, ...others } = clients;
    assert.deepEqual(found(twin).twins, [otherTwin.pid]);
    assert.deepEqual(found(otherTwin).twins, [twin.pid]);
    for (const client of [...Object.values(others), print, inner]) assert.deepEqual(found(client).twins, []);
  });

  test('a client whose turn is over is idle, and one that runs a tool is working', () => {
    const { outer, ...others } = clients;
    for (const [name, client] of Object.entries(others)) assert.equal(found(client).verdict, 'idle', name);
    assert.equal(found(outer).verdict, 'working');
  });

  test('--config-dir leaves out the sessions of other configurations', async () => {
    const { json: { sessions } } = await world.rescue.run(['--status', '--json'], [otherConfig]);
    assert.deepEqual(sessions.map(({ pid }) => pid), [clients.other.pid]);
  });

  test('the listing for people names each pid, terminal and id', async () => {
    const { stdout, status: exit } = await world.rescue.run(['--status'], scopes);
    assert.equal(exit, 0);
    for (const [name, client] of Object.entries(clients)) {
      const id = await client.sessionId();
      const line = stdout.split('\n').find((text) => new RegExp(`\\b${client.tty}\\b`).test(text));
      assert.ok(line, `a line with ${client.tty} (${name}) in:\n${stdout}`);
      assert.match(line, new RegExp(`\\b${client.pid}\\b`), name);
      assert.ok(line.includes(id.slice(0, 8)), `${id.slice(0, 8)} in ${line}`);
    }
  });

  test('the client whose tool runs the program is the current one', async () => {
    const client = await world.startClient({ cwd: world.project('current'), args: ['--allowedTools', 'Bash'] });
    const file = join(world.root, 'seen-from-inside.json');
    await client.turn('look at yourself', reply.tools([bash(`'${PROGRAM}' --status --json --config-dir '${world.configDir}' > '${file}'`)]));
    const { sessions } = JSON.parse(readFileSync(file, 'utf8'));
    assert.deepEqual(sessions.filter(({ current }) => current).map(({ pid }) => pid), [client.pid]);
    await client.end();
  });

  test('a session with a live owner is listed with its pid and without a command', async () => {
    for (const [name, client] of Object.entries(clients)) {
      if (name === 'blank') continue; // nothing to resume
      const session = resumable(await client.sessionId());
      assert.ok(session, name);
      assert.equal(session.resume_command, null, name);
      assert.ok([client.pid, ...found(client).twins].includes(session.pid), name);
    }
  });

  test('a session whose client was killed has a command and no process', () => {
    assert.equal(status.json.sessions.some(({ session_id: id }) => id === killed.id), false);
    assertHas(resumable(killed.id), { pid: null, tty: null, cwd: killed.cwd, transcript: killed.transcript, config_dir: world.configDir });
    assert.equal(typeof resumable(killed.id).resume_command, 'string');
  });

  test('what was before a /clear can be resumed', () => {
    assertHas(resumable(clients.cleared.idBeforeClear), { pid: null, cwd: clients.cleared.cwd });
    assert.equal(typeof resumable(clients.cleared.idBeforeClear).resume_command, 'string');
  });

  for (const [what, which] of [
    ['a killed session in a directory with spaces and quotes', () => killed],
    ['an ended session with CLAUDE_CONFIG_DIR', () => ended],
  ]) {
    test(`the command for ${what} resumes it when pasted`, async () => {
      const { id, configDir, words, cwd } = which();
      const { resume_command: command } = resumable(id);
      const shell = await world.openShell();
      const client = await Client.startByTyping(world, shell, command, { cwd, configDir });
      assert.equal(await client.sessionId(), id);
      const request = await client.ask('and now?');
      assert.equal(request.refusal, null);
      const said = request.body.messages.map((message) => JSON.stringify(message.content));
      assert.ok(said.some((content) => content.includes(words)), 'the API is sent what was said before');
      await client.settle('idle');
      assert.equal((await resumedNow(id)).resume_command, null, 'and now it has an owner');
      assert.equal((await resumedNow(id)).pid, client.pid);
      await client.end();
    });
  }

  const resumedNow = async (id) =>
    (await world.rescue.sessions(['--resume'], scopes)).find(({ session_id: other }) => other === id);

  // From here on without the registry, as with clients that write none.

  // Likely, not exact: a /clear leaves the old id on the command line, and in a job that runs on.
  test('without a registry file the id on the command line maps the client', async () => {
    assertHas(await withoutRegistry(clients.resumed), { by: 'argv', confidence: 'likely' });
  });

  test('without a registry file the environment of a tool maps the client', async () => {
    assertHas(await withoutRegistry(clients.outer), { by: 'child-environment', confidence: 'likely' });
  });

  test('without a registry file the only transcript it can have written maps the client', async () => {
    assertHas(await withoutRegistry(clients.other), { by: 'transcript', confidence: 'likely' });
  });

  test('two that cannot be told apart are left unmapped, with both candidates', async () => {
    const pair = [clients.first, clients.second];
    const ids = await Promise.all(pair.map((client) => client.sessionId()));
    for (const client of pair) removeRegistryFile(client);
    for (const { pid } of pair) {
      const session = (await world.rescue.sessions(['--status'], scopes)).find((other) => other.pid === pid);
      assertHas(session, { session_id: null, transcript: null });
      assert.equal(session.mapping.confidence, 'ambiguous');
      assert.deepEqual([...session.mapping.candidates].sort(), [...ids].sort());
    }
  });

  /** The mapping of a client whose registry file was taken away, once its id is seen to be right. */
  async function withoutRegistry(client) {
    const id = await client.sessionId();
    removeRegistryFile(client);
    const session = (await world.rescue.sessions(['--status'], scopes)).find(({ pid }) => pid === client.pid);
    assert.equal(session.session_id, id);
    return session.mapping;
  }
});

async function clearAfterATurn(client) {
  await client.turn('before the clear');
  client.idBeforeClear = await client.sessionId();
  await client.enter('/clear');
  await until('a new id', async () => (await client.sessionId()) !== client.idBeforeClear);
  await client.turn('after the clear');
}

/** What to expect of a client once it is gone. */
async function remains(client) {
  const { pid, cwd, configDir } = client;
  return { pid, cwd, configDir, id: await client.sessionId(), transcript: await client.transcript(),
    words: 'hello from ', registryFile: registryFileOf(client) };
}

const registryFileOf = ({ pid, configDir }) => join(configDir, 'sessions', `${pid}.json`);
const removeRegistryFile = (client) => rmSync(registryFileOf(client));

/** All of `expected`'s keys, compared at once, so that a failure shows every difference. */
function assertHas(actual, expected) {
  assert.ok(actual, 'it is listed');
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, actual[key]])), expected);
}
