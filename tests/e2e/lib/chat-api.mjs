// A scripted model server on loopback that speaks the chat API that many clients can be pointed at (POST
// /v1/chat/completions, streamed). What it answers stands in the last prompt:
//
//     [[hold]]        a part of a reply, then nothing until release()
//     [[run COMMAND]] a call of the tool `bash`; its result is answered with "Tool done."
//     anything else   "Hello from the model."
//
// A request that offers no tools (a title, a summary) is answered "A title".

import { createServer } from 'node:http';

const textOf = ({ content }) => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join(' '));

export class ChatApi {
  #server;
  #held = [];
  requests = []; // the last prompt of each that offers tools

  static async listen() {
    const api = new ChatApi();
    api.#server = createServer((request, response) => api.#answer(request, response));
    await new Promise((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/v1`;
  }

  async #answer(request, response) {
    let body = '';
    for await (const piece of request) body += piece;
    response.on('error', () => {});
    if (request.method !== 'POST' || !request.url.endsWith('/chat/completions')) return response.writeHead(404).end();
    const { messages, tools, model } = JSON.parse(body);
    const send = (delta, finish_reason = null) => response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model,
      choices: [{ index: 0, delta, finish_reason }], ...(finish_reason && { usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 } }) })}\n\n`);
    const finish = (reason) => {
      send({}, reason);
      response.end('data: [DONE]\n\n');
    };
    const say = (content) => {
      send({ role: 'assistant', content });
      finish('stop');
    };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (!tools?.length) return say('A title');
    const prompt = textOf(messages.filter(({ role }) => role === 'user').at(-1));
    this.requests.push(prompt);
    if (messages.at(-1).role === 'tool') return say('Tool done.');
    const command = /\[\[run (.*?)\]\]/.exec(prompt)?.[1];
    if (command) {
      send({ role: 'assistant', tool_calls: [{ index: 0, id: `call_${this.requests.length}`, type: 'function',
        function: { name: 'bash', arguments: JSON.stringify({ command, description: 'what the test asks for' }) } }] });
      return finish('tool_calls');
    }
    if (!prompt.includes('[[hold]]')) return say('Hello from the model.');
    send({ role: 'assistant', content: 'A part of a reply ' });
    return this.#held.push(() => {
      send({ content: 'and the rest.' });
      finish('stop');
    });
  }

  /** Sends the rest of each reply that is held. */
  release() {
    for (const go of this.#held.splice(0)) go();
  }

  close() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
