// A few real clients, each ended in the middle of a reply and resumed, again and again: the conversation
// that the API is sent after the last resume must hold every prompt since the first.

import { Client } from '../e2e/lib/client.mjs';
import { reply } from '../e2e/lib/replies.mjs';
import { sleep } from '../e2e/lib/wait.mjs';

export class Clients {
  started = 0;

  constructor(world, auditor, count, places) {
    Object.assign(this, { world, auditor, count, places });
  }

  async live(isOver) {
    await Promise.all(Array.from({ length: this.count }, (_, i) => this.#one(i, isOver).catch((error) => {
      this.auditor.broken(`real client ${i}: ${error.message}`);
    })));
  }

  async #one(number, isOver) {
    const cwd = this.world.project(`client ${number}`);
    const pane = await this.world.openShell(cwd);
    let command = this.world.claudePath();
    for (let round = 0; !isOver(); round++) {
      const client = await Client.startByTyping(this.world, pane, command, { cwd });
      this.started++;
      const request = await client.ask(`round ${round} of ${number}`, reply.stall());
      const sent = JSON.stringify(request.body.messages);
      for (let past = 0; past < round; past++)
        if (!sent.includes(`round ${past} of ${number}`)) this.auditor.broken(`real client ${number}: round ${past} is lost in round ${round}`);
      await client.settle('busy');
      await sleep(5000);
      const { stdout } = await this.auditor.run('kill', ['--kill', String(client.pid), '--force', ...this.places],
        { allowed: [0], target: client.pid });
      command = stdout.match(/^ {2}(cd .* --resume .*)$/m)?.[1];
      if (!command) throw new Error(`no resume command in: ${stdout}`);
    }
  }
}
