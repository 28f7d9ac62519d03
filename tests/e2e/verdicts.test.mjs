// The matrix of verdicts, the small one: what people add to their clients (servers, a status line, hooks, jobs) does not
// change what is said of them. The large one is `make e2e-verdicts`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cellsOf, countOf, lineOf, runMatrix, summaryOf } from './lib/matrix.mjs';
import { MAIN, NEWEST, ON_NODE } from './lib/pinned-clients.mjs';

const CELLS = [
  ...cellsOf({ versions: [MAIN], setups: ['mcpBusy', 'statusLine', 'hooks', 'background'], states: ['stalled', 'toolBlocked'] }),
  ...cellsOf({ versions: [MAIN], setups: ['servers12'], states: ['mcpStuck'] }),
  ...cellsOf({ versions: [MAIN, NEWEST, ON_NODE], setups: ['bare'], states: ['toolAfterJob'] }),
  ...cellsOf({ versions: [MAIN], setups: ['everything'], states: ['toolRunning', 'generating', 'permission'] }),
  ...cellsOf({ versions: [NEWEST, ON_NODE], setups: ['everything'], states: ['stalled', 'toolBlocked'] }),
  ...cellsOf({ versions: [ON_NODE], setups: ['hooks'], states: ['permission'] }),
];

describe('verdicts', () => {
  let rows = [];

  test('the clients are brought into their states and looked at', async (t) => {
    rows = await runMatrix(CELLS, { looks: 10 });
    t.diagnostic(summaryOf(rows));
    assert.equal(rows.length, CELLS.length);
  });

  for (const [i, { version, setup, state }] of CELLS.entries())
    test(`${version}, ${setup}, ${state}: ten looks, one answer, the right one`, () => {
      assert.ok(rows[i], 'it was looked at');
      assert.ok(rows[i].flaps === 0 && countOf([rows[i]], 'right') === rows[i].looks.length,
        `${lineOf(rows[i])} ${JSON.stringify(rows[i].looks.find(({ word }) => word !== 'right')?.evidence)}`);
    });
});
