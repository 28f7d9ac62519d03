#!/usr/bin/env node
// replay.mjs: what the program says that a resume loads, of the transcripts in fixtures/, and of some also after their
// repair, against what the client sent of each when it was asked. No client is needed. See ../../HACKING.md.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { difference, expected, recordAt } from './lib/heard.mjs';

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const PROGRAM = process.env.SESSION_RESCUE;
const config = mkdtempSync(join(tmpdir(), 'sr-replay-'));
mkdirSync(join(config, 'projects'));
let wrong = 0;
const names = readdirSync(FIXTURES).filter((n) => n.endsWith('.json'));
for (const name of names) {
  const { version, sent, repaired, refused } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
  const path = join(config, 'projects', 'c1de0000-0000-4000-8000-000000000001.jsonl');
  copyFileSync(join(FIXTURES, `${name}l`), path);
  let why = differs(path, version, sent);
  if (refused && check(path, version).verdict !== 'damaged') why ??= 'the API refuses it, and it is not called damaged';
  if (refused === false && check(path, version).verdict !== 'sound') why ??= 'the API takes it, and it is not called sound';
  if (!why && repaired) {
    const { outcome } = run('--repair', path, '--force', '--client-version', version, '--pending-dir', join(config, 'pending'), '--log-dir', join(config, 'log'));
    why = outcome === 'repaired' ? differs(path, version, repaired) : `its outcome is ${outcome}`;
    if (refused && check(path, version).verdict === 'damaged') why ??= 'the API refused it, and it is still called damaged';
    why &&= `after its repair: ${why}`;
  }
  if (why) console.log(`${name}: ${why}`);
  wrong += why ? 1 : 0;
}
rmSync(config, { recursive: true });
console.log(`${names.length} transcripts, ${wrong} disagree`);
process.exitCode = wrong || !names.length ? 1 : 0;

/** Words, or null where the program says that is loaded what the client sends. */
function differs(path, version, sent) {
  const bytes = readFileSync(path);
  const { can_resume: canResume, loaded } = check(path, version);
  if (!sent) return canResume ? 'it said that it can be resumed' : null;
  return canResume ? difference(expected(loaded.map(({ offset }) => recordAt(bytes, offset))), sent) : 'it said that it cannot be resumed';
}

function check(path, version) {
  return run('--check', path, '-v', '--client-version', version).transcripts[0];
}

function run(...args) {
  try {
    return JSON.parse(execFileSync(PROGRAM, [...args, '--json', '--config-dir', config], { stdio: ['ignore', 'pipe', 'inherit'] }));
  } catch (error) {
    return JSON.parse(error.stdout); // it is damaged
  }
}
