// Records what README.md shows: real clients are brought into a few states, the program is run in a pane
// beside them, and its screen is put between the marks in README.md. What is replaced in it is the name of
// the scratch folder, by /home/u.
//
//     node record-screen.mjs           (make screen)

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM } from './lib/rescue.mjs';
import * as scenarios from './lib/scenarios.mjs';
import { sleep, until } from './lib/wait.mjs';
import { World } from './lib/world.mjs';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const [BEGIN, END] = ['<!-- screen: made by make screen -->\n', '<!-- end of screen -->\n'];
const PATIENCE_MIN = 0.5;

const world = await World.create();
try {
  await Promise.all(['idle', 'stalledStream', 'permissionPrompt', 'toolRunning'].map((name) => scenarios[name](world)));
  await sleep(PATIENCE_MIN * 60_000 + 2_000);
  const pane = await world.tmux.openPane(world.home, { columns: 96, rows: 40 });
  await until('a shell', async () => (await world.tmux.screen(pane.id)).endsWith('$'));
  const out = join(world.root, 'screen');
  await world.tmux.type(pane.id, `clear; '${PROGRAM}' --status --no-color --timeout ${PATIENCE_MIN} --config-dir '${world.configDir}'; touch ${out}`);
  await world.tmux.press(pane.id, 'Enter');
  const shown = await until('the listing', async () => {
    const screen = await world.tmux.screen(pane.id);
    return /\d+ sessions?: /.test(screen) && screen;
  });
  const lines = shown.split('\n');
  const from = lines.findIndex((line) => line.startsWith('VERDICT'));
  const to = lines.findIndex((line) => /^\d+ sessions?: /.test(line));
  const listing = lines.slice(from, to + 1).map((line) => line.trimEnd().replaceAll(`${world.root}/projects`, '/home/u')).join('\n');
  const block = `${BEGIN}\`\`\`\n$ session-rescue --status --timeout ${PATIENCE_MIN}\n${listing}\n\`\`\`\n${END}`;
  const readme = readFileSync(README, 'utf8');
  const [start, stop] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (start < 0 || stop < start) throw new Error(`${README} has no place for the screen`);
  writeFileSync(README, readme.slice(0, start) + block + readme.slice(stop + END.length));
  process.stdout.write(block);
} finally {
  await world.destroy();
}
