#!/usr/bin/env node
// replay.mjs: what the program says that a resume loads, of the transcripts in fixtures/, against what the client sent
// of each when it was asked. No client is needed. See ../../HACKING.md.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
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
  const { version, sent } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
  const path = join(FIXTURES, `${name}l`);
  const bytes = readFileSync(path);
  const { can_resume: canResume, loaded } = check(path, version);
  const why = !sent ? (canResume ? 'it said that it can be resumed' : null)
    : !canResume ? 'it said that it cannot be resumed' : difference(expected(loaded.map(({ offset }) => recordAt(bytes, offset))), sent);
  if (why) console.log(`${name}: ${why}`);
  wrong += why ? 1 : 0;
}
rmSync(config, { recursive: true });
console.log(`${names.length} transcripts, ${wrong} disagree`);
process.exitCode = wrong || !names.length ? 1 : 0;

function check(path, version) {
  try {
    return JSON.parse(execFileSync(PROGRAM, ['--check', path, '-v', '--json', '--client-version', version, '--config-dir', config], { stdio: ['ignore', 'pipe', 'inherit'] })).transcripts[0];
  } catch (error) {
    return JSON.parse(error.stdout).transcripts[0]; // it is damaged
  }
}
