#!/usr/bin/env node
// oracle.mjs: the real client judges the model of what a resume loads. See ../../HACKING.md.
//
//     oracle.mjs [--seed N] [--cases N] [--first N] [--versions 2.1.197,2.1.332] [--keep DIR] [--minimise no]
//                [--changes odd]      what other programs make of records, first
//                [--sessions DIR]     transcripts to vary beside those of sessions/
//                [--fixtures DIR]     nothing but these fixtures, each with its client

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PROGRAM } from '../e2e/lib/rescue.mjs';
import { sleep } from '../e2e/lib/wait.mjs';
import { Clients, VERSIONS } from './lib/clients.mjs';
import { addFixture, minimised } from './lib/minimise.mjs';
import { atomsOf, atomsOfFile, atomsSent, difference, expected, newestEnd, recordAt } from './lib/heard.mjs';
import { variation } from './lib/variations.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: {
  seed: { type: 'string', default: '1' }, cases: { type: 'string', default: '60' }, first: { type: 'string', default: '0' },
  versions: { type: 'string', default: VERSIONS.join(',') }, keep: { type: 'string' }, jobs: { type: 'string', default: '2' }, repair: { type: 'string', default: 'yes' },
  minimise: { type: 'string', default: 'yes' }, sessions: { type: 'string' }, fixtures: { type: 'string' },
  changes: { type: 'string', default: 'common' },
} });
const keep = options.keep;
if (keep) mkdirSync(keep, { recursive: true });

const sessions = Object.fromEntries(readdirSync(join(HERE, 'sessions')).filter((n) => n.endsWith('.jsonl'))
  .map((n) => [n.replace(/\.jsonl$/, ''), readFileSync(join(HERE, 'sessions', n), 'utf8')]));
if (options.sessions) // others, from outside: only varied, never kept here
  for (const name of readdirSync(options.sessions, { recursive: true }).filter((n) => n.endsWith('.jsonl') && !n.includes('subagents')))
    sessions[name] = readFileSync(join(options.sessions, name), 'utf8');
sessions.garden = readFileSync(join(HERE, '../fixtures/damage/session.jsonl'), 'utf8');

const clients = await Clients.create();
const work = join(clients.world.root, 'work');
mkdirSync(work, { recursive: true });

console.log(`seed ${options.seed}, ${options.cases} cases for each of ${options.versions}, ${PROGRAM}`);
let failed = 0;
if (options.fixtures) failed = await judgeFixtures(options.fixtures);
else for (const version of options.versions.split(',')) failed += await judge(version);
await clients.destroy();
process.exitCode = failed ? 1 : 0;

/** What once disagreed: the client sends the same as ever, and the program says so. */
async function judgeFixtures(folder) {
  const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const all = readdirSync(folder).filter((n) => n.endsWith('.json'));
  const names = all.filter((n) => VERSIONS.includes(read(n).version)); // others are not installed: replay.mjs
  let wrong = 0;
  for (const name of names) {
    const { version, sent, repaired } = read(name);
    const bytes = readFileSync(join(folder, `${name}l`));
    const path = join(work, name.replace(/json$/, 'jsonl'));
    writeFileSync(path, bytes);
    let why = await judgeFixture(path, version, sent);
    if (!why && repaired) {
      await whenQuiet(() => repair(path, version, work));
      why = await judgeFixture(path, version, repaired);
    }
    if (why) console.log(`${name}: ${why}`);
    wrong += why ? 1 : 0;
  }
  console.log(`fixtures: ${names.length}, ${wrong} disagree`);
  return wrong;
}

async function judgeFixture(path, version, sent) {
  const bytes = readFileSync(path);
  const heard = await clients.resume(path, version);
  const now = heard.sent && atomsSent(heard.sent, atomsOfFile(bytes));
  return JSON.stringify(now) === JSON.stringify(sent) ? compare(await check(path, version), bytes, heard, now ?? [], version)
    : `the client sends ${now} now, and not ${sent}`;
}

async function judge(version) {
  const first = Number(options.first);
  const numbers = Array.from({ length: Number(options.cases) }, (_, i) => first + i);
  const began = Date.now();
  const tally = { cases: 0, loads: 0, repairs: 0, repaired: 0, lost: 0 };
  async function worker(name) {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const { name: what, text } = variation(options.seed, `${number}`, sessions, options.changes === 'odd');
      const result = await one(Buffer.from(text), version, join(work, name));
      tally.cases++;
      tally.repaired += result.isRepaired ? 1 : 0;
      for (const [kind, why] of Object.entries(result.wrong)) {
        tally[kind]++;
        console.log(`${version} ${options.seed}:${number} ${kind}: ${what}: ${why}`);
        if (!keep) continue;
        writeFileSync(join(keep, `${version}-${options.seed}-${number}-${kind}.jsonl`), text);
        if (options.minimise === 'yes') await keepSmallest(text, version, `${version}-${options.seed}-${number}-${kind}`, kind, join(work, name));
      }
    }
  }
  await Promise.all(Array.from({ length: Number(options.jobs) }, (_, i) => worker(`w${i}`)));
  const took = (Date.now() - began) / 1000;
  console.log(`${version}: ${tally.cases} cases, ${tally.loads} disagree on what is loaded; ${tally.repaired} repaired: ${tally.repairs} disagree, ${tally.lost} lose something; ${took.toFixed(0)} s, ${(took / Math.max(1, tally.cases)).toFixed(2)} s a case`);
  return tally.loads + tally.repairs + tally.lost;
}

/** The fewest lines that still disagree so, with what the client sends of them: a fixture. */
async function keepSmallest(text, version, name, kind, folder) {
  const small = await minimised(text, async (part) => kind in (await one(Buffer.from(part), version, folder)).wrong);
  const path = join(folder, 'c1de0000-0000-4000-8000-000000000001.jsonl');
  writeFileSync(path, small);
  const { sent } = await clients.resume(path, version);
  addFixture(keep, name, { version, kind, sent: sent && atomsSent(sent, atomsOfFile(Buffer.from(small))) }, small);
}

function output(args) {
  return new Promise((resolve, reject) => execFile(PROGRAM, [...args, '--json', '--config-dir', clients.world.configDir],
    { env: clients.world.env, timeout: 60_000, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (!stdout && error && (stderr || error.signal || typeof error.code === 'string')) return reject(new Error(`${args.join(' ')}: ${stderr || error.message}`));
      return resolve(stdout); // of a transcript that says nothing --context has nothing
    }).stdin.end());
}

async function run(args) {
  return JSON.parse(await output(args));
}

async function check(path, version) {
  return (await run(['--check', path, '-v', '--client-version', version])).transcripts[0];
}

function repair(path, version, folder) {
  return run(['--repair', path, '--force', '--client-version', version, '--pending-dir', join(folder, 'pending'), '--log-dir', join(folder, 'log')]);
}

/** What --context says that is loaded, against what --check says; words, or null. */
async function contextOf(path, version, checked, bytes) {
  const lines = (await output(['--context', path, '--client-version', version])).split('\n').filter(Boolean).map((l) => JSON.parse(l));
  const uuids = (list) => list.flatMap((m) => m.uuids);
  const shown = new Set(uuids(lines)); // what says nothing is not shown
  const said = uuids(lines.filter((m) => m.is_loaded && m.kind !== 'compact boundary')).join(' ');
  const wanted = checked.can_resume ? loadedBy(checked, bytes).map((r) => r.uuid).filter((id) => shown.has(id)).join(' ') : said;
  return said === wanted ? null : `--context: ${said} and --check: ${wanted}`;
}

/** The records that the program says a resume loads. */
function loadedBy(checked, bytes) {
  return checked.loaded.map(({ offset }) => recordAt(bytes, offset));
}

async function one(bytes, version, folder) {
  const path = join(folder, 'c1de0000-0000-4000-8000-000000000001.jsonl');
  const wrong = {};
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  const known = atomsOfFile(bytes);
  const promised = await check(path, version);
  const heard = await clients.resume(path, version);
  const sent = atomsSent(heard.sent ?? [], known);
  const loads = compare(promised, bytes, heard, sent, version) ?? await contextOf(path, version, promised, bytes);
  if (loads) wrong.loads = loads;
  if (options.repair !== 'yes') return { wrong };

  const repaired = await whenQuiet(() => repair(path, version, folder));
  if (promised.verdict === 'sound' && !promised.can_resume && known.size) wrong.loads ??= 'it says "sound", and that it cannot be resumed';
  if (repaired.outcome !== 'repaired') {
    if (!heard.sent && repaired.outcome === 'nothing-to-repair' && [...known.values()].some((a) => a.is === 'text') && !promised.problems.some((p) => p.kind === 'no-conversation'))
      wrong.repairs = `nothing to repair, and the client says: ${heard.output}`;
    if (repaired.outcome !== 'nothing-to-repair') wrong.repairs = `${repaired.outcome}: ${repaired.error}`;
    return { wrong };
  }
  const after = readFileSync(path);
  const promisedAfter = await check(path, version);
  const heardAfter = await clients.resume(path, version);
  const sentAfter = atomsSent(heardAfter.sent ?? [], new Map([...known, ...atomsOfFile(after)]));
  const repairs = compare(promisedAfter, after, heardAfter, sentAfter, version);
  if (repairs) wrong.repairs = repairs;
  const lost = lostBy(bytes, after, promisedAfter, sent, sentAfter);
  if (lost) wrong.lost = lost;
  return { wrong, isRepaired: true };
}

/** What a repair may not do: take a message out of the file, leave one aside unnamed, or leave the newest end. */
function lostBy(bytes, after, checkedAfter, sent, sentAfter) {
  const known = atomsOfFile(bytes);
  const still = atomsOfFile(after);
  const texts = [...still.values()].filter((a) => a.is === 'text');
  const isTold = (a) => a.is === 'result' && texts.some((t) => t.text.includes(a.text)); // its call is gone: it is a text now
  const plain = (text) => text.replace(/[\s\x00-\x1f]+/g, ' '); // of two copies, one with a control character, one stays
  const words = new Set(texts.map((t) => plain(t.text)));
  const away = [...known.values()].filter((a) => !still.has(a.key) && !isTold(a) && !(a.is === 'text' && words.has(plain(a.text)))).map((a) => a.key);
  if (away.length) return `no more in the file: [${away.join(' | ')}]`;
  const named = new Set(checkedAfter.not_loaded.flatMap(({ offset }) => atomsOf(recordAt(after, offset))).map((a) => a.key));
  const gone = sent.filter((key) => known.has(key) && !sentAfter.includes(key) && !named.has(key));
  if (gone.length) return `sent before the repair, and after it neither sent nor named: [${gone.join(' | ')}]`;
  const unsent = newestEnd(after).filter((key) => !sentAfter.includes(key));
  return unsent.length ? `the newest end is not sent: [${unsent.join(' | ')}]` : null;
}

/** Somebody else's client that begins just now may not be told from one that has the session. */
async function whenQuiet(repair) {
  for (let tries = 0; ; tries++) {
    const result = await repair();
    if (tries === 50 || !/cannot be told/.test(result.error ?? '')) return result;
    await sleep(500);
  }
}

function compare(promised, bytes, heard, sent, version) {
  if (!heard.sent) return promised.can_resume ? `it said that it can be resumed, and the client says: ${heard.output}` : null;
  if (!promised.can_resume) return `it said that it cannot be resumed, and the client sends ${sent.length}`;
  return difference(expected(loadedBy(promised, bytes)), sent);
}
