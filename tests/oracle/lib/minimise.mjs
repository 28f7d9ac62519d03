// The smallest transcript that still does something: lines are left out while it does.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TRIES = 150; // each asks a client once or twice

/** does(text): whether it still does. Returns: the text, with no half, quarter, ... or single line too many. */
export async function minimised(text, does) {
  let lines = text.split('\n');
  let tries = 0;
  for (let size = Math.ceil(lines.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0)
    for (let from = 0; from < lines.length;) {
      const fewer = [...lines.slice(0, from), ...lines.slice(from + size)];
      if (++tries > TRIES) return lines.join('\n');
      if (fewer.length && await does(fewer.join('\n'))) lines = fewer;
      else from += size;
    }
  return lines.join('\n');
}

/** NAME.jsonl, and beside it what the client made of it. */
export function addFixture(folder, name, { version, kind, sent }, text) {
  writeFileSync(join(folder, `${name}.min.jsonl`), text);
  writeFileSync(join(folder, `${name}.min.json`), `${JSON.stringify({ version, kind, sent }, null, 1)}\n`);
}
