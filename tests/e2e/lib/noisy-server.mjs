// A tool server that starts a short process twice a second, as those do that look after a repository.

import { spawn } from 'node:child_process';

setInterval(() => spawn('true', { stdio: 'ignore' }), 500);
await import('./mcp-server.mjs'); // which does not return
