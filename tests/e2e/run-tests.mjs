// Runs the test files named as arguments, SR_E2E_JOBS of them (1) side by side, and prints one flat TAP stream:
// a line for each real test case (suites and files are not counted), a failure's message below its line.
// Exit status 1 where one failed.
//
// A file in which a case failed is run once more: a real client on a busy machine now and then misses a
// key or a bound. A case that passes then counts as passed, and the line says so with the first failure
// below it; one that fails twice has failed.

import { basename } from 'node:path';
import { run } from 'node:test';

const isCase = ({ name, file, details }) => details.type !== 'suite' && name !== file;
const escaped = (text) => text.replace(/[\\#]/g, '\\$&').replace(/\s+/g, ' ');

// Told to end, it tells the test files, which take their worlds down.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());

/** One run of a file: its cases, in order, as { name, passed, skip, todo, error }; todo: a gap that is known. */
function attempt(file) {
  return new Promise((done) => {
    const cases = [];
    const note = (passed, event) => {
      const { name, details, skip, todo } = event;
      // A suite or a file counts only where it failed by itself: its hook, or its import.
      const failedItself = !passed && details.error?.failureType !== 'subtestsFailed';
      if (!isCase(event) && !failedItself) return;
      cases.push({ name, passed, skip, todo, error: passed ? null : `${details.error?.cause?.stack ?? details.error?.stack ?? details.error}` });
    };
    run({ files: [file], concurrency: 1, signal: stop.signal })
      .on('test:pass', (event) => note(true, event))
      .on('test:fail', (event) => note(false, event))
      .on('test:stdout', ({ message }) => process.stderr.write(message))
      .on('test:stderr', ({ message }) => process.stderr.write(message))
      .on('end', () => done(cases))
      .resume();
  });
}

let count = 0;
let failed = 0;

const because = (word, reason) => (reason === undefined ? '' : ` # ${word}${typeof reason === 'string' ? ` ${escaped(reason)}` : ''}`);
const isFine = ({ passed, todo }) => passed || todo !== undefined;

function print(file, result, remark = '') {
  const { name, passed, skip, todo, error } = result;
  count++;
  if (!isFine(result)) failed++;
  const directive = because('SKIP', skip) + because('TODO', todo);
  console.log(`${passed ? 'ok' : 'not ok'} ${count} - ${escaped(`${basename(file, '.test.mjs')}: ${name}${remark}`)}${directive}`);
  if (error) console.log(error.replace(/^/gm, '  # '));
}

async function runFile(file) {
  const began = Date.now();
  const first = await attempt(file);
  const told = () => process.stderr.write(`tests/e2e: ${basename(file)}: ${Math.round((Date.now() - began) / 1000)} s\n`);
  if (first.every(isFine) || stop.signal.aborted) {
    for (const result of first) print(file, result);
    return told();
  }
  const failedFirst = new Map(first.filter((result) => !isFine(result)).map(({ name, error }) => [name, error]));
  process.stderr.write(`tests/e2e: ${basename(file)} once more: ${[...failedFirst.keys()].join('; ')}\n`);
  for (const result of await attempt(file)) {
    const before = failedFirst.get(result.name);
    if (result.passed && before) print(file, { ...result, error: before }, ' (at the second try)');
    else print(file, result);
  }
  return told();
}

// These start up to sixteen clients at once, and wait for all of them: never two of them side by side.
const CROWDED = ['diagnosis.test.mjs', 'finding.test.mjs', 'verdicts.test.mjs'];
const isCrowded = (file) => CROWDED.includes(basename(file));

console.log('TAP version 13');
const files = process.argv.slice(2);
files.sort((a, b) => isCrowded(b) - isCrowded(a));
/** One after the other: the first lane takes any file, another none that is crowded. */
async function runLane(takes) {
  for (let at; (at = files.findIndex(takes)) >= 0; ) await runFile(files.splice(at, 1)[0]);
}
await Promise.all(Array.from({ length: Number(process.env.SR_E2E_JOBS ?? 1) }, (_, lane) => runLane((file) => lane === 0 || !isCrowded(file))));
console.log(`1..${count}`);
process.exitCode = failed > 0 ? 1 : 0;
