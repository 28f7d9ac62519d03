// The large matrix of verdicts (make e2e-verdicts): every pinned client, every setup, every state. Prints a line
// for each and the counts; the exit status is 0 where all looks were right.
//
//     node verdict-matrix.mjs [--looks N] [--versions A,B] [--setups A,B] [--states A,B]

import { cellsOf, lineOf, runMatrix, summaryOf } from './lib/matrix.mjs';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1].split(',');
};

const cells = cellsOf({ versions: option('versions') ?? [MAIN, NEWEST, ON_NODE], setups: option('setups'), states: option('states') });
const rows = await runMatrix(cells, {
  looks: Number(option('looks')?.[0] ?? 10),
  note: (some) => {
    for (const row of some) {
      console.log(lineOf(row));
      const wrong = row.looks.find(({ word }) => word !== 'right');
      if (wrong && process.env.EVIDENCE) console.log(`    ${JSON.stringify(wrong.evidence)}`);
    }
  },
});
console.log(summaryOf(rows));
process.exitCode = rows.every(({ looks, flaps }) => flaps === 0 && looks.every(({ word }) => word === 'right')) ? 0 : 1;
