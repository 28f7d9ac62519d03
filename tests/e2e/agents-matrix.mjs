// All of what is done for the agents besides the first, with their real clients (make e2e-agents): each in every state,
// looked at ten times, and every mode that acts. Prints a line for each as it goes, a table, and the counts; the exit status
// is 0 where there was no false alarm, no miss and nothing that failed.
//
//     node agents-matrix.mjs [--looks N] [--agents A,B] [--states A,B] [--acts A,B]      (none: a word that is no name)

import { ACTS, STATES, countOf, isFine, judgeAgent } from './lib/agent-matrix.mjs';
import { noAgents } from './lib/agent-world.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1].split(',');
};
// An act that is several is called by the first of them.
const chosen = (all, name) => all.filter((one) => !option(name) || option(name).includes(one.split(',')[0]));

if (noAgents) {
  console.log(`skipped: ${noAgents}`);
  process.exit(0);
}

const results = [];
for (const name of option('agents') ?? ['codex', 'qwen', 'copilot', 'kimi', 'gemini', 'opencode']) {
  const agent = (await import(`./lib/agents/${name}.mjs`))[name];
  results.push(await judgeAgent(agent, { looks: Number(option('looks')?.[0] ?? 10), states: chosen(Object.keys(STATES), 'states'),
    acts: chosen(Object.keys(ACTS), 'acts'), note: console.log }));
}

const cell = ({ looks, not, failed }) => {
  if (not) return 'does not arise';
  if (failed) return 'FAILED';
  const right = looks.filter(({ word }) => word === 'right').length;
  const others = [...new Set(looks.filter(({ word }) => word !== 'right').map(({ word, told }) => `${word}: ${told}`))];
  return `${right}/${looks.length}${others.length ? ` (${others.join(', ')})` : ''}`;
};

console.log(`\n| | ${results.map(({ agent }) => `${agent.name} ${agent.version}`).join(' | ')} |\n| --- |${' --- |'.repeat(results.length)}`);
const line = (name, of) => console.log(`| ${name} | ${results.map((result) => (result.known ? of(result) : 'not served')).join(' | ')} |`);
line('mapped by, how sure', ({ rows }) => [...new Set(rows.flatMap(({ looks = [] }) => looks.map(({ mapped }) => mapped ?? 'not listed')))].join(', ') || '-');
for (const state of chosen(Object.keys(STATES), 'states')) line(state, ({ rows }) => cell(rows.find((row) => row.state === state)));
for (const name of chosen(Object.keys(ACTS), 'acts'))
  line(name, ({ acts }) => {
    const { word, told } = acts.find((one) => one.act === name);
    return word === 'failed' ? 'FAILED' : word === 'ok' ? told : word;
  });

const rows = results.flatMap((result) => result.rows.map((row) => ({ ...row, agent: result.agent })));
const looks = rows.reduce((sum, row) => sum + (row.looks?.length ?? 0), 0);
const failed = rows.filter((row) => row.failed).length + results.flatMap(({ acts }) => acts).filter(({ word }) => word === 'failed').length;
const unserved = results.flatMap(({ agent, known, acts }) => (known ? acts.filter(({ word }) => word === 'not served').map((one) => `${agent.name}: ${one.act}`) : [agent.name]));
console.log(`\n${looks} looks: ${countOf(rows, 'alarm')} false alarms, ${countOf(rows, 'miss')} misses, ${countOf(rows, 'wrong')} wrong otherwise, ` +
  `${countOf(rows, 'untold')} not told; ${failed} failed` + (unserved.length ? `; not served: ${unserved.join('; ')}` : ''));
process.exitCode = failed === 0 && rows.every(({ agent, state, looks: seen = [] }) => seen.every((look) => isFine(agent, state, look))) ? 0 : 1;
