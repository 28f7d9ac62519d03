// What the program says that a resume loads, before and after a repair, is what the real clients send: a few of
// the variations of tests/oracle, by a fixed seed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';

const ORACLE = fileURLToPath(new URL('../oracle/oracle.mjs', import.meta.url));

const FIXTURES = fileURLToPath(new URL('../oracle/fixtures', import.meta.url));

for (const [version, first] of [[MAIN, 0], [NEWEST, 20], [ON_NODE, 40]])
  test(`${version}: twenty variations load as the program says`, async () => {
    const { status, output } = await run('--seed', '1', '--first', `${first}`, '--cases', '20', '--versions', version);
    assert.equal(status, 0, output);
    assert.match(output, /20 cases, 0 disagree on what is loaded/);
  });

test('what once disagreed is sent as ever, and loads as the program says', async () => {
  const { status, output } = await run('--fixtures', FIXTURES);
  assert.equal(status, 0, output);
  assert.match(output, /fixtures: [1-9][0-9]*, 0 disagree/);
});

function run(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [ORACLE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.on('close', (status) => resolve({ status, output }));
  });
}
