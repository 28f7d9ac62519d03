// Where a conversation is now: what --resume says of each session, against what the real client does when it is told so.
// Each command is run as it is printed, in a shell that stands elsewhere, with a prompt behind it; what the client then
// sends to the API is what it has loaded.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { dirname, join } from 'node:path';
import { BY_ORACLE, MAIN, NEWEST } from './lib/pinned-clients.mjs';
import { until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const VERSIONS = [MAIN, NEWEST, BY_ORACLE];
const RUNS_SPARES = VERSIONS.filter((version) => version !== MAIN);

const folderOf = (path) => path.replace(/[^A-Za-z0-9]/g, '-');
const idOf = (letter) => `${letter.repeat(8)}-1111-4222-8333-444444444444`;

/** Two turns, the words of which are `words 0` and `words 1`. */
function conversation(sessionId, cwd, words, more = {}) {
  let parentUuid = null;
  const records = [];
  for (let turn = 0; turn < 2; turn++)
    for (const type of ['user', 'assistant']) {
      const n = records.length;
      const uuid = `${sessionId.slice(0, 8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const message = type === 'user' ? { role: type, content: `${words} ${turn}` }
        : { id: `msg_${n}`, type: 'message', role: type, model: 'claude-sonnet-4-5', stop_reason: 'end_turn',
          content: [{ type: 'text', text: `reply to ${words}` }], usage: { input_tokens: 1, output_tokens: 1 } };
      records.push({ parentUuid, isSidechain: false, type, cwd, sessionId, version: NEWEST, userType: 'external', uuid, message,
        timestamp: new Date(Date.parse('2026-01-02T03:00:00Z') + n * 1000).toISOString(), ...more });
      parentUuid = uuid;
    }
  return records;
}

describe('where a conversation is now', { timeout: 600_000 }, () => {
  let world, here, moved, elsewhere;

  before(async () => {
    world = await World.create();
    here = world.project('here');
    moved = world.project('moved');
    elsewhere = world.project('elsewhere');
  });
  after(() => world?.destroy());

  /** A configuration of its own with these files below `projects`. */
  function store(name, files) {
    const configDir = world.addConfigDir(name);
    world.project('here'); // trusted there, too
    for (const [path, records] of Object.entries(files)) {
      const file = join(configDir, 'projects', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Array.isArray(records) ? records.map((record) => `${JSON.stringify(record)}\n`).join('') : records);
    }
    return configDir;
  }

  /** Runs a command line that ends in `claude …`, elsewhere, asking to go on; what it printed and what was sent. */
  async function goOn(version, configDir, commandLine) {
    const seen = world.api.requests.length;
    const result = await new Promise((resolve) => {
      const env = { ...world.env, PATH: `${dirname(world.claudePath(version))}:${world.env.PATH}`, CLAUDE_CONFIG_DIR: configDir };
      const child = execFile('/bin/sh', ['-c', `${commandLine} -p 'go on'`], { env, cwd: elsewhere, timeout: 60_000 },
        (error, stdout, stderr) => resolve({ status: error ? error.code ?? error.signal : 0, said: stdout + stderr }));
      child.stdin.end();
    });
    const sent = world.api.requests.slice(seen).filter(({ isTurn }) => isTurn);
    return { ...result, sent: sent.length ? JSON.stringify(sent.at(-1).body) : '' };
  }

  for (const version of VERSIONS)
    test(`each session's command loads it, and what has none is refused: ${version}`, async () => {
      const at = (letter) => `${folderOf(here)}/${idOf(letter)}.jsonl`;
      const configDir = store(`ways-${version}`, {
        [`${folderOf(moved)}/${idOf('a')}.jsonl`]: [...conversation(idOf('a'), here, 'moved'),
          { type: 'relocated', relocatedCwd: '/nowhere', sessionId: idOf('a') }, { type: 'relocated', relocatedCwd: moved, sessionId: idOf('a') }],
        [at('b')]: [...conversation(idOf('b'), here, 'parent'),
          { type: 'continued-in', timestamp: '2026-01-02T04:00:00.000Z', continuedInSessionId: idOf('c'), sessionId: idOf('b') }],
        [at('c')]: conversation(idOf('c'), here, 'successor'),
        [at('d')]: conversation(idOf('d'), here, 'forked', { forkedFrom: { sessionId: idOf('c'), messageUuid: 'x' } }),
        [at('e')]: conversation(idOf('e'), here, 'archived'),
        [`${folderOf(here)}/${idOf('e')}/archived.json`]: JSON.stringify({ archived: true, at: '2026-01-03T00:00:00.000Z', by: 'user' }),
        [at('f')]: [{ type: 'ai-title', aiTitle: 'stub', sessionId: idOf('f') }, { type: 'agent-name', agentName: 'x', sessionId: idOf('f') }],
        [at('9')]: '',
      });
      const words = { a: 'moved', b: 'parent', c: 'successor', d: 'forked', e: 'archived' };
      const sessions = await world.rescue.sessions(['--resume', '--all'], [configDir]);
      assert.deepEqual(sessions.map(({ session_id: id }) => id[0]).sort(), ['9', 'a', 'b', 'c', 'd', 'e', 'f']);
      for (const { session_id: id, resume_command: command, cwd } of sessions) {
        const { status, said, sent } = await goOn(version, configDir, command ?? `cd ${here} && claude --resume ${id}`);
        if (words[id[0]]) {
          assert.equal(status, 0, said);
          assert.match(sent, new RegExp(`${words[id[0]]} 0.*${words[id[0]]} 1`), id);
          assert.equal(cwd, id[0] === 'a' ? moved : here);
          assert.ok(sent.includes(cwd), 'it works where the command goes to');
        } else {
          assert.equal(command, null, id);
          assert.match(said, /No conversation found/);
          assert.equal(sent, '');
        }
      }
    });

  for (const version of VERSIONS)
    test(`a stray transcript is not found by its id until its command was run: ${version}`, async () => {
      const folder = folderOf(here);
      const configDir = store(`strays-${version}`, {
        [`${folder}/${folder}/${idOf('a')}.jsonl`]: conversation(idOf('a'), here, 'stray a'),
        [`${idOf('b')}.jsonl`]: conversation(idOf('b'), here, 'stray b'),
        [`${folder}/${idOf('c')} (1).jsonl`]: conversation(idOf('c'), here, 'stray c'),
        [`${folder}/${idOf('d')}.sync-conflict-20260101-010101-ABCDEFG.jsonl`]: conversation(idOf('d'), here, 'stray d'),
        [`${folder}/${idOf('e')}.jsonl.bak`]: conversation(idOf('e'), here, 'stray e'),
        [`${folder}/${idOf('f')}.jsonl.orig`]: conversation(idOf('f'), here, 'stray f'),
        [`${folder}/notes.jsonl`]: conversation(idOf('7'), here, 'stray 7'),
      });
      const { json } = await world.rescue.run(['--resume', '--json'], [configDir]);
      assert.equal(json.strays.length, 7);
      for (const { session_id: id, move_command: command } of json.strays) {
        const resume = `cd ${here} && claude --resume ${id}`;
        const without = await goOn(version, configDir, resume);
        assert.match(without.said, /No conversation found/, id);
        const run = await new Promise((resolve) => execFile('/bin/sh', ['-c', command], { cwd: elsewhere }, (error) => resolve(error)));
        assert.equal(run, null);
        const { status, said, sent } = await goOn(version, configDir, resume);
        assert.equal(status, 0, said);
        assert.match(sent, new RegExp(`stray ${id[0]} 0.*stray ${id[0]} 1`));
      }
      const { json: since } = await world.rescue.run(['--resume', '--json'], [configDir]);
      assert.deepEqual(since.strays, []);
    });

  for (const version of VERSIONS)
    test(`a background session is held, and attached to by the name that it has: ${version}`, async () => {
      const id = idOf('a');
      const configDir = store(`background-${version}`, { [`${folderOf(here)}/${id}.jsonl`]: conversation(id, here, 'kept') });
      const said = await new Promise((resolve, reject) => {
        const child = execFile(world.claudePath(version), ['--bg', '--resume', id, 'go on there'],
          { env: { ...world.env, CLAUDE_CONFIG_DIR: configDir }, cwd: here, timeout: 90_000 },
          (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)));
        child.stdin.end();
      });
      const [, short] = /claude attach ([0-9a-f]{8})/.exec(said);
      const held = await until('the session to be held', async () => {
        const sessions = await world.rescue.sessions(['--resume'], [configDir]);
        return sessions.find(({ attach_command: command }) => command);
      }, { withinMs: 60_000 });
      assert.ok(held.attach_command.endsWith(`claude attach ${short}`), held.attach_command);
      assert.equal(held.kind, 'background');
      assert.equal(held.resume_command, null);
      assert.equal(held.no_command, 'held');
      assert.ok(held.pid > 0);
      if (RUNS_SPARES.includes(version)) assert.equal(held.session_id, id);
      const { status, said: answer } = await goOn(version, configDir, `cd ${here} && claude --resume ${held.session_id}`);
      assert.equal(status, 1, answer);
      assert.match(answer, RUNS_SPARES.includes(version) ? new RegExp(`running in the background.*claude attach ${short}`)
        : /currently running as a background agent/);
    });

  for (const version of VERSIONS)
    test(`--fork-session leaves no word of where it came from: ${version}`, async () => {
      const id = idOf('a');
      const configDir = store(`fork-${version}`, { [`${folderOf(here)}/${id}.jsonl`]: conversation(id, here, 'kept') });
      const { status, said } = await goOn(version, configDir, `cd ${here} && claude --resume ${id} --fork-session`);
      assert.equal(status, 0, said);
      const folder = join(configDir, 'projects', folderOf(here));
      const [fork] = readdirSync(folder).filter((name) => name.endsWith('.jsonl') && !name.startsWith(id));
      assert.ok(fork);
      assert.doesNotMatch(readFileSync(join(folder, fork), 'utf8'), /forkedFrom/);
    });
});
