// The few facts about processes that the tests need from /proc, read afresh at each call.

import { readFileSync, readdirSync } from 'node:fs';

const textOf = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // gone, or not ours to read
  }
};

/** { pid, comm, state, ppid, group, foreground, cpuTicks, startTicks }, or null where the process is gone. */
export function processOf(pid) {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const close = stat.lastIndexOf(')'); // comm may hold spaces and brackets
  const fields = stat.slice(close + 2).split(' ');
  return { pid: Number(pid), comm: stat.slice(stat.indexOf('(') + 1, close), state: fields[0],
    ppid: Number(fields[1]), group: Number(fields[2]), foreground: Number(fields[5]), cpuTicks: Number(fields[11]) + Number(fields[12]), startTicks: Number(fields[19]) };
}

/** True while the process runs; a zombie has ended. */
export function isAlive(pid) {
  const process = processOf(pid);
  return process !== null && process.state !== 'Z';
}

export function everyProcess() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(processOf).filter(Boolean);
}

/** All processes below `pid`, parents before their children. */
export function descendantsOf(pid) {
  const all = everyProcess();
  const below = (parent) => all.filter((p) => p.ppid === parent).flatMap((p) => [p, ...below(p.pid)]);
  return below(pid);
}

export function argvOf(pid) {
  return (textOf(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);
}

export function environmentOf(pid) {
  const pairs = (textOf(`/proc/${pid}/environ`) ?? '').split('\0').filter((line) => line.includes('='));
  return Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
