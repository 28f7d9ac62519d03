// The plugin in the real client: the client finds it valid, /session-rescue brings its instructions to the
// model, the sessions to the user as questions, and the answers to the program; the hook backs the session
// up once its context window is full enough. What the model does here is scripted, as the instructions say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { blocks } from './lib/api-rules.mjs';
import { MAIN, NEWEST } from './lib/pinned-clients.mjs';
import { isAlive } from './lib/procfs.mjs';
import { bash, reply } from './lib/replies.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PLUGIN = join(ROOT, 'plugin');
const COMMAND = readFileSync(join(PLUGIN, 'commands/session-rescue.md'), 'utf8').replace(/^---\n.*?\n---\n+/s, '');
const TITLE = COMMAND.split('\n')[0];

/** A folder for PATH in which session-rescue is the program under test, and each call leaves a line in `calls`. */
function programFolder(world) {
  const folder = join(world.root, 'program');
  mkdirSync(folder);
  const log = join(world.root, 'calls');
  writeFileSync(log, '');
  writeFileSync(join(folder, 'session-rescue'), `#!/bin/sh\necho "$*" >>'${log}'\nexec '${PROGRAM}' "$@"\n`);
  chmodSync(join(folder, 'session-rescue'), 0o755);
  return { folder, calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) };
}

const startWithPlugin = (world, name, { path = [], args = [], env = {}, ...more } = {}) => world.startClient({
  cwd: world.project(name),
  args: ['--plugin-dir', PLUGIN, ...args],
  env: { PATH: [...path, world.env.PATH].join(':'), ...env },
  ...more,
});

const backups = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sha256')) : []);

/** The texts of a request's messages since the command was given, and the results of tools among them. */
function sinceCommand({ body }) {
  const at = body.messages.findLastIndex((m) => m.role === 'user' && blocks(m).some(({ text }) => text?.includes(TITLE)));
  const later = at < 0 ? [] : body.messages.slice(at).flatMap(blocks);
  return { isOurs: at >= 0, prompt: later.map(({ text }) => text ?? '').join('\n'),
    results: later.filter(({ type }) => type === 'tool_result').map(({ content }) =>
      (typeof content === 'string' ? content : content.map(({ text }) => text).join('\n'))) };
}

/** `script(results, request)` is the model from now on, in each turn that the command began. */
const playModel = (world, script) =>
  world.api.when((r) => r.isTurn && sinceCommand(r).isOurs, (r) => script(sinceCommand(r).results, r));

const onScreen = (client, words, more) => until(`"${words}" on the screen`,
  async () => (await client.screen()).replace(/\s+/g, ' ').includes(words), { look: () => client.screen(), ...more });

describe('plugin: validation', () => {
  let world;
  before(async () => { world = await World.create(); });
  after(() => world?.destroy());

  for (const version of [MAIN, NEWEST])
    for (const path of [PLUGIN, ROOT])
      test(`${version} calls ${path === ROOT ? 'the marketplace' : 'the plugin'} valid`, async () => {
        const { stdout } = await promisify(execFile)(world.claudePath(version), ['plugin', 'validate', '--strict', path],
          { env: world.env });
        assert.match(stdout, /Validation passed/);
      });

  test('it installs from the marketplace, and is there', async () => {
    const claude = (...args) => promisify(execFile)(world.claudePath(MAIN), ['plugin', ...args], { env: world.env });
    await claude('marketplace', 'add', ROOT);
    await claude('install', 'session-rescue@session-rescue');
    assert.match((await claude('list')).stdout, /session-rescue@session-rescue/);
    const { stdout } = await claude('details', 'session-rescue');
    for (const part of [/session-recovery-patterns/, /PostToolUse/]) assert.match(stdout, part);
  });
});

describe('plugin: the command', () => {
  let world;
  let program;
  let places;
  let hung;
  let idle;
  let client;
  let pending;
  let endScript;

  const label = (s) => `Session ${s.session_id.slice(0, 8)} on ${s.tty} (pid ${s.pid}): ${s.verdict}, ${s.cause}.`;

  /** As the instructions say: look, ask about each session but the current one, carry out, close. */
  function model(results) {
    if (results.length === 0) return reply.tools([bash(`session-rescue --status --json --timeout 0.05 ${places}`)]);
    const sessions = JSON.parse(results[0].slice(results[0].indexOf('{'))).sessions.filter(({ current }) => !current)
      .sort((a, b) => (b.verdict === 'hung') - (a.verdict === 'hung'));
    if (results.length === 1)
      return reply.tools([{ name: 'AskUserQuestion', input: { questions: sessions.map((s) => ({
        question: label(s), header: s.tty, multiSelect: false,
        options: ['Export', 'Kill', 'Resume', 'Skip'].map((name) => ({ label: name, description: `choose ${name}` })) })) } }]);
    if (results.length === 2) {
      const answer = (s) => ['Export', 'Kill', 'Resume', 'Skip'].find((name) => results[1].includes(`"${label(s)}"="${name}"`));
      const commands = { Export: (s) => `--export ${s.session_id}`, Kill: (s) => `--kill ${s.session_id} --force` };
      return reply.tools(sessions.filter((s) => commands[answer(s)])
        .map((s) => bash(`session-rescue ${commands[answer(s)](s)} ${places}`)));
    }
    return reply.text(results.slice(2).map((text) => text.slice(text.indexOf('✅'))).join('\n'));
  }

  before(async () => {
    world = await World.create();
    program = programFolder(world);
    pending = join(world.root, 'pending');
    places = `--config-dir ${world.configDir} --pending-dir ${pending} --log-dir ${join(world.root, 'log')}`;
    [hung, idle, client] = await Promise.all([
      world.startClient({ cwd: world.project('hung') }),
      world.startClient({ cwd: world.project('idle') }),
      startWithPlugin(world, 'rescuer', { path: [program.folder] }),
    ]);
    await idle.turn('hello');
    await hung.ask('tell a long story', reply.stall());
    hung.id = await hung.sessionId();
    idle.id = await idle.sessionId();
    await until('the client to be called hung', async () =>
      (await world.rescue.sessions(['--status', '--timeout', '0.05'], [world.configDir]))
        .find(({ pid }) => pid === hung.pid)?.verdict === 'hung', { withinMs: 60_000, everyMs: 500 });
    endScript = playModel(world, model);
    await client.enter(`/session-rescue --timeout 0.05 --config-dir ${world.configDir}`);
  });
  after(() => world?.destroy());

  test('brings its instructions and the arguments to the model', async () => {
    const request = await world.api.waitFor((r) => sinceCommand(r).isOurs, { look: () => client.screen() });
    const { prompt } = sinceCommand(request);
    for (const line of COMMAND.replace('$ARGUMENTS', `--timeout 0.05 --config-dir ${world.configDir}`).split('\n').filter(Boolean))
      assert.ok(prompt.includes(line), `the model does not hear: ${line}`);
    assert.match(JSON.stringify(request.body), /session-rescue:session-recovery-patterns.{0,20}How to find, back up/);
  });

  test('the sessions come as questions, the hung one first, without the one that asks', async () => {
    await onScreen(client, hung.id.slice(0, 8), { withinMs: 60_000 });
    const screen = await client.screen();
    for (const option of ['Export', 'Kill', 'Resume', 'Skip']) assert.ok(screen.includes(option), screen);
    assert.match(screen, /hung, reply-stalled/);
    assert.ok(!screen.includes((await client.sessionId()).slice(0, 8)), screen);
  });

  test('Kill and Export are carried out, the kill after the client has asked for it once more', async () => {
    await client.press('2');
    await onScreen(client, idle.id.slice(0, 8));
    await client.press('1');
    await onScreen(client, 'Submit answers');
    await client.press('Enter');
    await onScreen(client, `session-rescue --kill ${hung.id} --force`, { withinMs: 60_000 });
    await onScreen(client, 'Do you want to proceed?');
    assert.equal(isAlive(hung.pid), true);
    await client.press('Enter');
    await until('the hung client to be gone', () => !isAlive(hung.pid), { withinMs: 60_000, look: () => client.screen() });
    await until('both backups', () => [hung, idle].every(({ id }) => backups(pending).some((name) => name.includes(id))));
    assert.equal(isAlive(idle.pid), true);
  });

  test('the closing block is shown', async () => {
    for (const words of ['✅ COMMAND COMPLETE: /session-rescue', 'Sessions killed: 1', 'Sessions exported: 1'])
      await onScreen(client, words, { withinMs: 60_000 });
    const screen = await client.screen();
    assert.ok(screen.replace(/\s+/g, '').includes(`claude--resume${hung.id}`), screen);
    assert.ok(program.calls().includes(`--status --json --timeout 0.05 ${places}`));
    await client.settle('idle');
  });

  test('the session that it runs in is not ended, whatever the user allows', async () => {
    endScript();
    playModel(world, (results) => (results.length === 0
      ? reply.tools([bash(`session-rescue --kill ${client.pid} --force ${places}`)]) : reply.text(results[0])));
    await client.enter('/session-rescue --kill me');
    await onScreen(client, 'Do you want to proceed?', { withinMs: 60_000 });
    await client.press('Enter');
    await onScreen(client, `refused: pid ${client.pid} is the session that this program runs in`, { withinMs: 60_000 });
    await client.settle('idle');
    assert.equal(isAlive(client.pid), true);
    assert.equal(backups(pending).filter((name) => name.includes(hung.id) || name.includes(idle.id)).length, backups(pending).length);
  });
});

describe('plugin: the newest client', () => {
  let world;
  let client;
  before(async () => {
    world = await World.create();
    client = await startWithPlugin(world, 'newest', { version: NEWEST });
  });
  after(() => world?.destroy());

  test('takes /session-rescue, too', async () => {
    playModel(world, () => reply.text('heard'));
    await client.enter('/session-rescue --timeout 7');
    const request = await world.api.waitFor((r) => sinceCommand(r).isOurs, { look: () => client.screen() });
    for (const line of COMMAND.replace('$ARGUMENTS', '--timeout 7').split('\n').filter(Boolean))
      assert.ok(sinceCommand(request).prompt.includes(line), `the model does not hear: ${line}`);
  });
});

describe('plugin: where the program is missing', () => {
  let world;
  let client;
  const told = 'session-rescue is not installed';

  before(async () => {
    world = await World.create();
    client = await startWithPlugin(world, 'missing', { args: ['--allowedTools', 'Bash'] });
  });
  after(() => world?.destroy());

  test('the hook says so once, and harms no tool', async () => {
    await client.turn('use three tools', reply.tools([bash('echo one')],
      { then: reply.tools([bash('echo two')], { then: reply.tools([bash('echo three')], { then: reply.text('all three') }) }) }));
    await onScreen(client, told);
    const records = readFileSync(await client.transcript(), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const messages = records.map(({ attachment }) => attachment).filter((a) => a?.type === 'hook_system_message');
    assert.equal(messages.filter((message) => JSON.stringify(message).includes(told)).length, 1, JSON.stringify(messages));
    const results = records.flatMap(({ message }) => (Array.isArray(message?.content) ? message.content : []))
      .filter(({ type }) => type === 'tool_result');
    assert.deepEqual(results.map(({ content }) => content), ['one', 'two', 'three']);
  });

  test('the command tells the model what to say, and the shell that it is not there', async () => {
    playModel(world, (results) => (results.length === 0 ? reply.tools([bash('session-rescue --status --json')]) : reply.text('It is missing.')));
    await client.enter('/session-rescue ');
    const request = await world.api.waitFor((r) => sinceCommand(r).results.length === 1, { look: () => client.screen() });
    const { prompt, results } = sinceCommand(request);
    assert.match(results[0], /session-rescue: (command )?not found/);
    assert.match(prompt, /is not installed, or not on PATH/);
    assert.match(prompt, /sudo make install/);
  });
});

describe('plugin: the hook', () => {
  let world;
  let program;
  let client;
  let pending;

  /** A turn with three tools in which the context holds `tokens`; returns once the hook has run for all. The
   *  first of them may look before the client has written what the turn's first message says of its tokens. */
  async function useTools(prompt, tokens) {
    const before = hookCalls();
    const answer = ['one', 'two', 'three'].reduceRight(
      (then, word) => reply.tools([bash(`echo ${word}`)], { text: '', inputTokens: tokens, then }), reply.text('done', { inputTokens: tokens }));
    await client.turn(prompt, answer);
    await until('the hook to have run for each tool', () => hookCalls() - before === 3, { look: () => client.screen() });
  }

  const hookCalls = () => program.calls().filter((line) => line === '--export --if-context 75 --quiet').length;

  before(async () => {
    world = await World.create();
    program = programFolder(world);
    pending = join(world.root, 'pending');
    client = await startWithPlugin(world, 'filling', { path: [program.folder], args: ['--allowedTools', 'Bash'],
      env: { SESSION_RESCUE_CONTEXT_WINDOW: '200000', SESSION_RESCUE_PENDING_DIR: pending,
        SESSION_RESCUE_LOG_DIR: join(world.root, 'log') } });
  });
  after(() => world?.destroy());

  test('below 75 percent it does nothing, and says nothing', async () => {
    await useTools('begin', 140_000);
    assert.deepEqual(backups(pending), []);
    assert.doesNotMatch(await client.screen(), /filling up/);
  });

  test('at 75 percent and more the session is backed up, and the user told', async () => {
    await useTools('go on', 160_000);
    const id = await client.sessionId();
    assert.equal(backups(pending).length, 1);
    assert.ok(backups(pending)[0].includes(id));
    const copy = readFileSync(join(pending, backups(pending)[0].replace(/sha256$/, 'jsonl')));
    assert.deepEqual(readFileSync(await client.transcript()).subarray(0, copy.length), copy);
    await onScreen(client, 'the context window is filling up; this session has been backed up');
  });

  test('within ten minutes there is no second backup', async () => {
    await useTools('and on', 180_000);
    assert.equal(backups(pending).length, 1);
  });
});
