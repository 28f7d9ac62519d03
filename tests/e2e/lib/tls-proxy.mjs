// TLS in front of the scripted API, as in front of the real one: what comes in is passed on as it is.
//
//     const tls = await TlsProxy.listen(world);
//     const client = await world.startClient({ cwd, env: tls.env });
//     await tls.close();

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';

export class TlsProxy {
  #server;
  #sockets = new Set();

  /** With a certificate of its own, valid for a day, which clients are told to trust. */
  static async listen(world) {
    const proxy = new TlsProxy();
    const key = join(world.root, 'tls.key');
    const certificate = join(world.root, 'tls.crt');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const to = new URL(world.api.url);
    proxy.#server = tls.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (inner) => {
      const outer = net.connect(Number(to.port), to.hostname);
      for (const [socket, other] of [[inner, outer], [outer, inner]]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => { proxy.#sockets.delete(socket); other.destroy(); });
        socket.pipe(other);
      }
    });
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.env = { ANTHROPIC_BASE_URL: `https://localhost:${proxy.#server.address().port}`, NODE_EXTRA_CA_CERTS: certificate };
    return proxy;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
