// A tool server for the client (MCP over standard input and output) with two tools: `answer`, which does,
// and `hang`, which never does. Started by the client, as configured in scenarios.mjs.

import { createInterface } from 'node:readline';

const answers = {
  initialize: ({ protocolVersion }) =>
    ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'scripted', version: '1' } }),
  'tools/list': () => ({ tools: ['answer', 'hang'].map((name) =>
    ({ name, description: `${name}s`, inputSchema: { type: 'object', properties: {} } })) }),
  'tools/call': ({ name }) => (name === 'answer' ? { content: [{ type: 'text', text: 'answered' }] } : null),
  ping: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const result = answers[method]?.(params);
  if (id !== undefined && result) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}
