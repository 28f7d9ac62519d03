// Gemini CLI, the real client: it deletes conversations after a resume. That it does, that --watch has a backup by then from
// which the client goes on, and in which ways it does not.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AgentWorld, noAgents } from './lib/agent-world.mjs';
import { gemini } from './lib/agents/gemini.mjs';
import { PROGRAM } from './lib/rescue.mjs';
import { until } from './lib/wait.mjs';

// Each has a directory of its own: the client looks at no other's.
describe('gemini', { timeout: 900_000, skip: noAgents, concurrency: 2 }, () => {
  let world, watcher;
  const events = [];

  before(async () => {
    world = await AgentWorld.create(gemini);
    mkdirSync(world.store, { recursive: true });
    watcher = spawn(PROGRAM, ['--watch', '--json', '--notify', 'none', '--interval', '0.5', '--config-dir', world.store,
      '--pending-dir', world.pending, '--log-dir', world.log], { env: world.env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    watcher.stdout.on('data', (data) => {
      const lines = (text + data).split('\n');
      text = lines.pop();
      events.push(...lines.map((line) => JSON.parse(line)));
    });
    await told('watching', () => true);
  });
  after(async () => {
    watcher?.kill('SIGKILL');
    await world?.close();
  });

  const told = (name, holds) => until(`the event ${name}`, () => events.find((event) => event.event === name && holds(event)),
    { withinMs: 60_000, look: () => JSON.stringify(events, null, 1) });
  const chatsOf = (cwd) => join(world.store, 'tmp', world.read('projects.json').projects[cwd], 'chats');
  const filesOf = (cwd) => readdirSync(chatsOf(cwd)).filter((name) => name.startsWith('session-'));
  const holding = (cwd, word) => filesOf(cwd).filter((name) => readFileSync(join(chatsOf(cwd), name), 'utf8').includes(word));

  /** A session with a prompt and a reply, which began in an earlier minute: one that is resumed in its first leaves no stub. */
  async function begin(cwd, mark) {
    await world.print(cwd, `remember ${mark} [[say ANSWER-${mark}]]`);
    const [name] = holding(cwd, `ANSWER-${mark}`);
    const earlier = `session-2026-11-22T10-02-${name.slice(-'01234567.jsonl'.length)}`;
    renameSync(join(chatsOf(cwd), name), join(chatsOf(cwd), earlier));
    return { id: JSON.parse(readFileSync(join(chatsOf(cwd), earlier), 'utf8').split('\n')[0]).sessionId, path: join(chatsOf(cwd), earlier) };
  }

  /** A new session in the directory, which looks for garbage when it starts. */
  const startAnother = (cwd) => world.print(cwd, 'something else [[say ELSE]]');

  /** What the model is sent by a client that does this and asks to go on. */
  async function goesOn(cwd, id) {
    const from = world.api.requests.length;
    const { status, stdout, stderr } = await world.print(cwd, `go on ${cwd} [[say RESUMED]]`, id);
    assert.ok(stdout.includes('RESUMED'), `${status}: ${stdout}${stderr.slice(-1500)}`);
    return world.api.requests.slice(from).find(({ prompt }) => prompt.includes(`go on ${cwd}`)).turns;
  }
  const says = (turns, role, text) => turns.some((turn) => turn.role === role && turn.text.includes(text));
  const hasHistory = (turns, mark) => {
    assert.ok(says(turns, 'user', `remember ${mark}`), JSON.stringify(turns).slice(0, 2000));
    assert.ok(says(turns, 'assistant', `ANSWER-${mark}`), JSON.stringify(turns).slice(0, 2000));
  };

  const stored = async (id) => {
    const { json } = await world.rescue.run(['--resume', '--json', '--all'], [world.store]);
    return json.sessions.find(({ session_id: other }) => other === id);
  };
  const isInDanger = async (id) => (await stored(id)).notes.some((note) => note.includes('delete the session'));

  /** Deleted; put back from what --watch had made by then; the client goes on with all of it, and no start deletes it again. */
  async function survives(cwd, id, marks) {
    await startAnother(cwd);
    assert.deepEqual(filesOf(cwd).filter((name) => name.endsWith(`-${id.slice(0, 8)}.jsonl`)), [], 'the client has deleted nothing');
    const { status, stderr, stdout } = await world.act('--restore', id);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`gemini --resume ${id}`));
    await startAnother(cwd);
    const turns = await goesOn(cwd, id);
    for (const mark of marks) assert.ok(JSON.stringify(turns).includes(mark), `${mark} is lost: ${JSON.stringify(turns).slice(0, 2000)}`);
    hasHistory(turns, marks[0].replace('ANSWER-', ''));
  }

  test('resumed by its id, it is deleted by the next start; --watch has it by then, and it goes on from there', async () => {
    const cwd = world.folder('resumed');
    const { id } = await begin(cwd, 'MARKRESUMED');
    const client = await world.start(cwd, { args: ['--resume', id] });
    await client.turn('and this [[say ANSWER-LATER]]', 'ANSWER-LATER');
    await told('expiring', ({ session_id: other }) => other === id);
    await told('backed-up', ({ session_id: other, why }) => other === id && why === 'expiring');
    await client.close();
    await told('session-ended', ({ session_id: other }) => other === id);
    await until('the last turn is backed up', () => readdirSync(world.pending).some((name) => name.endsWith(`${id}.jsonl`)
      && readFileSync(join(world.pending, name), 'utf8').includes('ANSWER-LATER')), { withinMs: 60_000 });
    assert.equal(await isInDanger(id), true);
    await survives(cwd, id, ['ANSWER-MARKRESUMED', 'ANSWER-LATER']);
  });

  test('imported by --session-file, it is deleted with every turn since; the exported file is not, and --watch has the import', async () => {
    const cwd = world.folder('imported');
    const { path } = await begin(cwd, 'MARKIMPORTED');
    const exported = join(world.root, 'exported.jsonl');
    copyFileSync(path, exported);
    const { stdout, stderr } = await world.run(cwd, '-p', 'and this [[say ANSWER-AFTER]]', '--approval-mode', 'yolo', '--session-file', exported);
    assert.ok(stdout.includes('ANSWER-AFTER'), stderr.slice(-1500));
    const [imported] = holding(cwd, 'ANSWER-AFTER');
    const id = JSON.parse(readFileSync(join(chatsOf(cwd), imported), 'utf8').split('\n')[0]).sessionId;
    assert.equal(filesOf(cwd).filter((name) => name.endsWith(`-${id.slice(0, 8)}.jsonl`)).length, 2);
    assert.equal(await isInDanger(id), true);
    await until('it is backed up', () => existsSync(world.pending) && readdirSync(world.pending).some((name) => name.endsWith(`${id}.jsonl`)
      && readFileSync(join(world.pending, name), 'utf8').includes('ANSWER-AFTER')), { withinMs: 60_000, look: () => JSON.stringify(events, null, 1) });
    const before = readFileSync(exported);
    await survives(cwd, id, ['ANSWER-MARKIMPORTED', 'ANSWER-AFTER']);
    assert.deepEqual(readFileSync(exported), before);
  });

  test('safe: the same id again, and then any start once the stub is moved away', async () => {
    const cwd = world.folder('moved');
    const { id } = await begin(cwd, 'MARKMOVED');
    hasHistory(await goesOn(cwd, id), 'MARKMOVED');
    hasHistory(await goesOn(cwd, id), 'MARKMOVED');
    const { notes } = await stored(id);
    const named = (notes) => notes.map((note) => note.match(/^(\S+\.jsonl), which a resume has left/)?.[1]).find(Boolean);
    assert.ok(named(notes), notes.join('\n'));
    for (let stub; (stub = named((await stored(id)).notes)); ) renameSync(stub, join(world.root, basename(stub)));
    await startAnother(cwd);
    hasHistory(await goesOn(cwd, id), 'MARKMOVED');
  });

  test('safe: deleting turned off in the directory, before it is resumed', async () => {
    const cwd = world.folder('kept');
    const { id } = await begin(cwd, 'MARKKEPT');
    const { caution } = await stored(id);
    const [, setting, path] = caution.match(/(\{.*\}) in (\S+)$/);
    mkdirSync(dirname(path));
    writeFileSync(path, setting);
    assert.equal((await stored(id)).caution, null);
    hasHistory(await goesOn(cwd, id), 'MARKKEPT');
    assert.equal(filesOf(cwd).filter((name) => name.endsWith(`-${id.slice(0, 8)}.jsonl`)).length, 2, 'no stub was left');
    assert.equal(await isInDanger(id), false);
    await startAnother(cwd);
    hasHistory(await goesOn(cwd, id), 'MARKKEPT');
  });
});
