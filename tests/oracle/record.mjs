#!/usr/bin/env node
// record.mjs: makes sessions/<version>.jsonl again, by the real clients in a scratch world: `claude -p`, resumed
// for each turn. What names this machine is written otherwise, and long lists of the client's own are left out.
// Each text, call and result is there once, so that what is sent can be told by it.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bash, reply } from '../e2e/lib/replies.mjs';
import { sleep } from '../e2e/lib/wait.mjs';
import { World } from '../e2e/lib/world.mjs';
import { VERSIONS } from './lib/clients.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ID = '5e551011-0000-4000-8000-0000000002';
const use = (text, ...tools) => reply.tools(tools, { text });

// A turn: what is typed, what the API answers in order, and the seconds until the next.
const TURNS = [
  ['Which tree is tallest?', [reply.text('The redwood is.')], 6],
  ['Weigh the pears.', [use('I will weigh.', bash('echo four-pounds')), reply.text('Four pounds of pears.')], 1],
  ['Count the boxes.', [use('All three at once.', bash('echo red-two'), bash('echo blue-five'), bash('echo green-six')), reply.text('Thirteen boxes.')], 6],
  ['Is it ripe?', [{ ...use('I will taste.', bash('echo sour-yet')), thinking: 'Color says little.' }, { ...reply.text('Not ripe.'), thinking: 'Sour means no.' }], 1],
  ['Where is the ladder?', [use('First the barn.', bash('echo no-ladder')), use('Then the shed.', bash('echo ladder-here')), reply.text('In the shed.')], 6],
  ['Who prunes today?', [reply.text('You do.')], 0],
];

const world = await World.create();
for (const [i, version] of VERSIONS.entries()) {
  const id = crypto.randomUUID();
  const cwd = world.project(`orchard-${version}`);
  for (const [turn, [prompt, answers, pause]] of TURNS.entries()) {
    world.api.queue.push(...answers);
    await world.print({ cwd, version, prompt, args: [...(turn ? ['--resume', id] : ['--session-id', id]), '--allowedTools', 'Bash'] });
    await sleep(pause * 1000);
  }
  const text = readFileSync(world.transcriptOf(id), 'utf8').split('\n').map(withoutListing).join('\n');
  const names = [[id, `${ID}${String(i).padStart(2, '0')}`], [cwd, '/home/user/orchard'], [world.home, '/home/user'], [encoded(cwd), '-home-user-orchard']];
  writeFileSync(join(HERE, 'sessions', `${version}.jsonl`), names.reduce((all, [from, to]) => all.replaceAll(from, to), text));
}
await world.destroy();

function encoded(path) {
  return path.replace(/[^A-Za-z0-9]/g, '-');
}

function withoutListing(line) {
  if (!line) return line;
  const record = JSON.parse(line);
  if (/^api-request/.test(record.type)) return JSON.stringify({ type: record.type });
  const { attachment } = record;
  if (!attachment || !/_listing|_snapshot|_delta|environment|session_context/.test(attachment.type)) return line;
  for (const [key, value] of Object.entries(attachment)) {
    if (typeof value === 'string' && value.length > 100) attachment[key] = 'left out';
    if (Array.isArray(value)) attachment[key] = [];
  }
  delete record.rendered;
  return JSON.stringify(record);
}
