// Runs the test files named as arguments, one file after the other, and prints one flat TAP stream:
// a line for each real test case (suites and files are not counted), a failure's message below its line.
// Exit status 1 where one failed.

import { basename } from 'node:path';
import { run } from 'node:test';

let count = 0;
let failed = 0;

const isCase = ({ name, file, details }) => details.type !== 'suite' && name !== file;
const escaped = (text) => text.replace(/[\\#]/g, '\\$&').replace(/\s+/g, ' ');

function print(passed, event) {
  const { name, file, details, skip } = event;
  // A suite or a file counts only where it failed by itself: its hook, or its import.
  const failedItself = !passed && details.error?.failureType !== 'subtestsFailed';
  if (!isCase(event) && !failedItself) return;
  count++;
  if (!passed) failed++;
  const where = file ? `${basename(file, '.test.mjs')}: ` : '';
  const directive = skip === undefined ? '' : ` # SKIP${typeof skip === 'string' ? ` ${escaped(skip)}` : ''}`;
  console.log(`${passed ? 'ok' : 'not ok'} ${count} - ${escaped(where + name)}${directive}`);
  if (!passed) console.log(`${details.error?.cause?.stack ?? details.error?.stack ?? details.error}`.replace(/^/gm, '  # '));
}

// Told to end, it tells the test files, which take their worlds down.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());

console.log('TAP version 13');
run({ files: process.argv.slice(2), concurrency: 1, signal: stop.signal })
  .on('test:pass', (event) => print(true, event))
  .on('test:fail', (event) => print(false, event))
  .on('test:stdout', ({ message }) => process.stderr.write(message))
  .on('test:stderr', ({ message }) => process.stderr.write(message))
  .on('end', () => {
    console.log(`1..${count}`);
    process.exitCode = failed > 0 ? 1 : 0;
  })
  .resume();
