// The clients that are asked, and one resume: what a client sends of a session.

import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { World } from '../../e2e/lib/world.mjs';

export const VERSIONS = ['2.1.110', '2.1.197', '2.1.330', '2.1.332'];

export class Clients {
  #serial = 0;

  static async create() {
    const clients = new Clients();
    clients.world = await World.create();
    // Fewer tools and no lists of skills: a third of the time of a resume.
    Object.assign(clients.world.env, { CLAUDE_CODE_SIMPLE: '1', DISABLE_BUG_COMMAND: '1', CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1' });
    clients.world.env.PATH = '/usr/bin:/bin'; // `claude` is started by its path
    return clients;
  }

  destroy() {
    return this.world.destroy();
  }

  /**
   * Resumes a copy of the transcript. Returns { sent, output }: the messages of the first request, the new prompt
   * left out, or null where there was none; and why, as the client says it.
   */
  async resume(transcript, version) {
    const serial = ++this.#serial;
    const id = `0${String(serial).padStart(7, '0')}-0000-4000-8000-00000000c1de`;
    const cwd = join(this.world.root, `dir-${serial % 8}`);
    const folder = join(this.world.configDir, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'));
    const prompt = `Oracle asks ${serial}.`;
    const path = join(folder, `${id}.jsonl`);
    mkdirSync(cwd, { recursive: true });
    mkdirSync(folder, { recursive: true });
    copyFileSync(transcript, path);
    const { status, stdout, stderr } = await this.world.startPrint({ cwd, version, prompt, args: ['--resume', id] }).ended;
    rmSync(path, { force: true });
    rmSync(join(folder, id), { recursive: true, force: true });
    const asked = this.world.api.requests.filter((r) => r.isTurn && r.text.includes(prompt));
    const request = asked[0];
    this.world.api.requests = this.world.api.requests.filter((r) => r.text.includes('Oracle asks') && !asked.includes(r));
    return { sent: request ? request.body.messages : null, prompt, status, refusal: request?.refusal?.message ?? null,
      output: (stdout + stderr).trim().slice(0, 300) };
  }
}
