// What must be true when all is over.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every backup that is listed is whole: by the program, and by sha256sum. */
export async function checkBackups(world, auditor, pending, places) {
  const sums = readdirSync(pending).filter((name) => name.endsWith('.sha256'));
  for (const name of sums) {
    try {
      execFileSync('sha256sum', ['--quiet', '-c', name], { cwd: pending, stdio: 'pipe' });
    } catch (error) {
      auditor.broken(`sha256sum -c ${name}: ${error.stdout}${error.stderr}`);
    }
  }
  await auditor.run('verify', ['--verify', ...places.slice(0, 2)], { allowed: [0] });
  auditor.note('backups', `${sums.length}, each verified twice`);
}

/** Every record that an agent noted after it had written it is in its transcript, or in a backup of it. */
export async function checkEveryByte(auditor, agents, pending) {
  const backups = readdirSync(pending).filter((name) => name.endsWith('.jsonl'));
  let records = 0, missing = 0;
  for (const { session, path, transcript } of agents.ledgers) {
    if (!existsSync(path)) continue; // it ended before its first record
    const kept = new Set([transcript, ...backups.filter((name) => name.includes(session)).map((name) => join(pending, name))]
      .filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n')));
    const written = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    const lost = written.filter((line) => !kept.has(line));
    records += written.length;
    missing += lost.length;
    if (lost.length) auditor.broken(`${session}: ${lost.length} of ${written.length} records are in no transcript and no backup`);
  }
  auditor.note('records', `${records} written by ${agents.ledgers.length} sessions, ${records - missing} of them found again`);
}
