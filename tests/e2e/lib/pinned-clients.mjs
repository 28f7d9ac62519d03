// Where the pinned clients are. Npm's install scripts are not run, so a native client is the binary in
// its package for this platform, and an old one is `cli.js`; either is started through a link named
// `claude`, which is what the kernel then calls the process.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const E2E = dirname(dirname(fileURLToPath(import.meta.url)));
const PLACES = [E2E, join(dirname(E2E), 'oracle')];

export const MAIN = '2.1.197'; // the version most of the measured facts are from
export const NEWEST = '2.1.330';
export const BY_ORACLE = '2.1.332'; // the newest of all: what is read in the code, and what a resume loads
export const ON_NODE = '2.1.110'; // the last line of clients that run in node

/** The file to start for a pinned version. Throws where it is not installed. */
export function pinnedClient(version) {
  const homes = PLACES.map((place) => join(place, 'node_modules', `claude-${version}`));
  const home = homes.find(existsSync);
  if (!home) throw new Error(`the client ${version} is not installed: tests/install-clients`);
  const script = join(home, 'cli.js');
  if (existsSync(script)) return script;
  const require = createRequire(join(home, 'package.json'));
  const platform = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
  return join(dirname(require.resolve(`@anthropic-ai/claude-code-${platform}/package.json`)), 'claude');
}

function isMusl() {
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
}
