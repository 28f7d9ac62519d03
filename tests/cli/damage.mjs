// damage.mjs PROGRAM FOLDER: runs --check and --repair on every damage of tests/fixtures/damage, each in a
// store of its own, and writes FOLDER/NAME: what they said and did, in a few lines.
//
//     check     exit status; messages that a resume would lose, of those that it should bring back; problems
//     repair    exit status; the edits of the plan
//     after     --check again, as above
//     and `sound` where all that holds for every repair held, or else what did not
//
// A problem is its kind and place, marked ! where it hurts, ~ where the client copes, . where it is normal.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CWD, DAMAGES, ID, NORMAL, damaged } from '../fixtures/damage/damages.mjs';

const SIDE_FILES = fileURLToPath(new URL('../fixtures/damage/session', import.meta.url));
const [program, folder] = process.argv.slice(2);

class Store {
  constructor(name) {
    this.root = mkdtempSync(join(folder, `${name}.`));
    this.project = join(this.root, '.claude/projects', CWD.replace(/[^A-Za-z0-9]/g, '-'));
    this.transcript = join(this.project, `${ID}.jsonl`);
    mkdirSync(this.project, { recursive: true });
    writeFileSync(this.transcript, damaged(name).bytes(), { mode: 0o600 });
    cpSync(SIDE_FILES, join(this.project, ID), { recursive: true });
  }

  /** Every file below the projects, and what it holds. */
  content() {
    const files = readdirSync(this.project, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.path, entry.name)).sort().map((path) => `${path} ${readFileSync(path, 'latin1')}`).join('\0');
  }

  run(...args) {
    const { PATH, ASAN_OPTIONS = '', UBSAN_OPTIONS = '' } = process.env;
    const { error, status, signal, stdout, stderr } = spawnSync(program, [...args, '--json', '--config-dir', join(this.root, '.claude'),
      '--pending-dir', join(this.root, 'pending'), '--log-dir', join(this.root, 'log')],
    { env: { HOME: this.root, PATH, ASAN_OPTIONS, UBSAN_OPTIONS, LANG: 'C.UTF-8', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1e9 });
    if (error || !stdout) throw new Error(`${args[0]}: ${error ?? `status ${status ?? signal}, and no JSON: ${stderr}`}`);
    return { status: status ?? signal, json: JSON.parse(stdout) };
  }

  check() {
    const { status, json } = this.run('--check', this.transcript, '-v');
    const { messages: { lost, expected }, problems } = json.transcripts[0];
    const mark = { hurts: '!', mild: '~', harmless: '.' };
    return [status, `${lost}/${expected}`, ...folded(problems.map((p) => mark[p.severity] + p.kind + placeOf(p)))].join(' ');
  }
}

const placeOf = ({ line, offset }) => (line === null ? '' : `:${line}@${offset}`);

/** More than four of one kind are a number. */
function folded(words) {
  const kindOf = (word) => word.replace(/:.*/, '');
  const many = (kind) => words.filter((word) => kindOf(word) === kind).length;
  return [...new Set(words.map((word) => (many(kindOf(word)) > 4 ? `${kindOf(word)} x${many(kindOf(word))}` : word)))];
}

function lookAt(name) {
  const store = new Store(name);
  const broken = [];
  const holds = (what, is) => is || broken.push(what);
  const original = store.content();
  const bytes = readFileSync(store.transcript);

  const check = store.check();
  const planned = store.run('--repair', store.transcript, '--dry-run').json;
  holds('--check and --dry-run change nothing', store.content() === original);
  const { status, json } = store.run('--repair', store.transcript, '--force');
  const edits = json.edits.map((edit) => `${edit.action}:${edit.kind}${placeOf(edit)}${edit.is_guess ? '?' : ''}`);
  const repaired = store.content();

  if (json.outcome === 'nothing-to-repair') {
    holds('where nothing is to repair, nothing changes', repaired === original && planned.outcome === json.outcome && json.backup === null);
    return [`check ${check}`, `repair ${status} ${[json.outcome, ...edits].join(' ')}`, ...said(broken, store)];
  }
  const after = store.check();
  holds('what was planned is done', JSON.stringify(planned.edits) === JSON.stringify(json.edits));
  holds('what it costs was foretold', after.startsWith(`${after[0]} ${json.messages_after.lost}/${json.messages_after.expected}`));
  holds('a second repair changes nothing', store.run('--repair', store.transcript, '--force').json.outcome === 'nothing-to-repair' && store.content() === repaired);
  holds('every line is a record', linesOf(store).every(isRecord));
  holds('the edits are all that changed', edited(bytes, withBackup(json)).equals(readFileSync(store.transcript)));
  holds('every byte that went is in quarantine', gone(bytes, json.edits) === quarantined(json.quarantine));
  holds('the backup has every byte', readFileSync(json.backup).equals(bytes));
  holds('--restore undoes it', store.run('--restore', json.backup, '--force').status === 0 && store.content() === original);
  return [`check ${check}`, `repair ${status} ${folded(edits).join(' ')}`, `after ${after}`, ...said(broken, store)];
}

function said(broken, store) {
  if (broken.length === 0) rmSync(store.root, { recursive: true });
  return broken.length ? broken.map((what) => `not so: ${what} (${store.root})`) : ['sound'];
}

/** The transcript with the edits of a plan, each in its place. */
function edited(bytes, edits) {
  const parts = [];
  let at = 0;
  for (const { offset, length, text } of edits) {
    parts.push(bytes.subarray(at, offset), Buffer.from(text ?? ''));
    at = offset + length;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** What stands for a picture names the backup, which the text of an edit leaves out. */
function withBackup({ edits, backup }) {
  const end = `${basename(backup, '.jsonl')}]"}`;
  return edits.map((edit) => (edit.kind === 'oversized-image' ? { ...edit, text: edit.text + end } : edit));
}

function gone(bytes, edits) {
  return edits.filter(({ length }) => length > 0).map(({ offset, length }) => `${offset} ${bytes.toString('base64', offset, offset + length)}`).join('\n');
}

function quarantined(path) {
  if (path === null) return '';
  const entries = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  return entries.filter(({ base64 }) => base64).map(({ offset, base64 }) => `${offset} ${base64}`).join('\n');
}

const linesOf = (store) => readFileSync(store.transcript, 'latin1').split('\n').map((line) => line.replace(/\r$/, '')).filter((line) => line !== '');

function isRecord(line) {
  try {
    return typeof JSON.parse(line.replace(/^\xef\xbb\xbf/, '')) === 'object';
  } catch {
    return false;
  }
}

for (const name of Object.keys({ ...NORMAL, ...DAMAGES })) {
  let lines;
  try {
    lines = lookAt(name);
  } catch (error) {
    lines = [error.stack];
  }
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
}
