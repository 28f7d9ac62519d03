// The scripted API itself: the other tests are worth what it is. Asked here by plain HTTP, without a client.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { refusal } from './lib/api-rules.mjs';
import { MockApi } from './lib/mock-api.mjs';
import { LONG_TEXT, bash, directiveIn, reply, withDirective } from './lib/replies.mjs';

const user = (content) => ({ role: 'user', content });
const assistant = (content) => ({ role: 'assistant', content });
const call = (id) => ({ type: 'tool_use', id, name: 'Bash', input: {} });
const result = (id, content = 'out') => ({ type: 'tool_result', tool_use_id: id, content });
const TOOLS = [{ name: 'Bash' }];

describe('the scripted API', () => {
  let api;
  test('it listens on loopback', async () => {
    api = await MockApi.listen();
    assert.match(api.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });
  after(() => api.close());

  const post = (body, signal) => fetch(`${api.url}/v1/messages`, { method: 'POST', body: JSON.stringify(body), signal });
  const ask = (messages, more) => post({ model: 'm', tools: TOOLS, messages, ...more });
  const eventsOf = (sse) => sse.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
  const textOf = (events) => events.map((event) => event.delta?.text ?? '').join('');

  test('a directive in the prompt chooses the reply, and `then` the one after the tools', async () => {
    const prompt = withDirective('list "it"', reply.tools([bash('echo "}"'), bash('ls')], { then: reply.text('Two files.') }));
    const first = await (await ask([user(prompt)])).json();
    assert.deepEqual(first.content.map(({ type }) => type), ['text', 'tool_use', 'tool_use']);
    assert.equal(first.stop_reason, 'tool_use');
    const results = first.content.slice(1).map(({ id }) => result(id));
    const second = await (await ask([user(prompt), assistant(first.content), user(results)])).json();
    assert.equal(second.content[0].text, 'Two files.');
  });

  test('a directive ends where its object ends', () => {
    assert.deepEqual(directiveIn('x REPLY {"kind":"text","text":"a } b"} and more'), { kind: 'text', text: 'a } b' });
    assert.equal(directiveIn('no such word'), null);
  });

  test('queued replies go to turns of a conversation only, in order', async () => {
    api.queue.push(reply.text('one'), reply.text('two'));
    const side = await (await post({ model: 'm', messages: [user('name this')] })).json();
    assert.match(side.content[0].text, /title/);
    for (const expected of ['one', 'two']) assert.equal((await (await ask([user('hi')])).json()).content[0].text, expected);
  });

  test('a stream carries the whole text, and a finished stall the rest of it', async () => {
    const whole = eventsOf(await (await ask([user(withDirective('a', reply.slowly({ everyMs: 1 })))], { stream: true })).text());
    assert.equal(textOf(whole), LONG_TEXT);
    assert.equal(whole.at(-1).type, 'message_stop');

    const response = await ask([user(withDirective('stand still', reply.stall()))], { stream: true });
    const body = response.text();
    const held = await api.waitHeld(await api.waitFor((r) => r.text.includes('stand still')));
    held.finish();
    assert.equal(textOf(eventsOf(await body)), LONG_TEXT);
    assert.equal(api.held.length, 0);
  });

  test('a stall sends half and then pings only', async () => {
    const response = await ask([user(withDirective('a', reply.stall({ pingMs: 5 })))], { stream: true });
    let seen = '';
    for await (const piece of response.body) {
      seen += Buffer.from(piece);
      if (seen.split('"type":"ping"').length > 3) break;
    }
    const text = textOf(eventsOf(seen));
    assert.ok(text.length > 0 && text.length < LONG_TEXT.length && LONG_TEXT.startsWith(text));
  });

  test('drop and cut end a stream early, each in its way', async () => {
    const dropped = await ask([user(withDirective('a', reply.drop()))], { stream: true });
    await assert.rejects(dropped.text());
    const cut = eventsOf(await (await ask([user(withDirective('a', reply.cut()))], { stream: true })).text());
    assert.notEqual(cut.at(-1).type, 'message_stop');
  });

  test('silence never answers', async () => {
    await assert.rejects(post({ model: 'm', tools: TOOLS, messages: [user(withDirective('a', reply.silence()))] }, AbortSignal.timeout(300)));
  });

  test('errors keep their status', async () => {
    assert.equal((await ask([user(withDirective('a', reply.overloaded()))])).status, 529);
    assert.equal((await ask([user(withDirective('a', reply.refused()))])).status, 400);
  });

  const refused = {
    'no messages': [],
    'an assistant first': [assistant('hi'), user('hi')],
    'an assistant last': [user('hi'), assistant('hi')],
    'an unknown role': [{ role: 'tool', content: 'hi' }],
    'content that is null': [user('hi'), assistant(null), user('hi')],
    'empty text': [user([{ type: 'text', text: '' }])],
    'blank text': [user('hi'), assistant([{ type: 'text', text: ' \n' }]), user('hi')],
    'a call without a result': [user('hi'), assistant([call('a')]), user('go on')],
    'a call answered too late': [user('hi'), assistant([call('a')]), user('no'), assistant('so'), user([result('a')])],
    'one of two calls without a result': [user('hi'), assistant([call('a'), call('b')]), user([result('a')])],
    'a result without a call': [user('hi'), assistant('hi'), user([result('a')])],
    'a result given twice': [user('hi'), assistant([call('a')]), user([result('a'), result('a')])],
    'a call made twice': [user('hi'), assistant([call('a')]), user([result('a')]), assistant([call('a')]), user([result('a')])],
    'thinking without a signature': [user('hi'), assistant([{ type: 'thinking', thinking: 'hm', signature: '' }]), user('hi')],
  };
  for (const [what, messages] of Object.entries(refused)) {
    test(`refused: ${what}`, async () => {
      const response = await ask(messages);
      assert.equal(response.status, 400);
      assert.equal((await response.json()).error.type, 'invalid_request_error');
    });
  }

  test('accepted: consecutive messages of one role, results split over two, turns of the system', async () => {
    const messages = [user('hi'), user('there'), assistant([call('a')]), assistant([call('b')]),
      user([result('b')]), { role: 'system', content: 'note' }, user([result('a')]), user('go on')];
    assert.equal(refusal({ messages }, JSON.stringify({ messages })), null);
  });

  test('half of a surrogate pair is refused, a whole one is not', () => {
    const body = { messages: [user('hi')] };
    assert.match(refusal(body, '{"text":"\\ud83d"}'), /surrogate/);
    assert.match(refusal(body, '{"text":"\\ud83d \\ude00"}'), /surrogate/);
    assert.match(refusal(body, '{"text":"\\ude00"}'), /surrogate/);
    assert.equal(refusal(body, '{"text":"\\ud83d\\ude00"}'), null);
    assert.equal(refusal(body, '{"text":"\\\\ud83d"}'), null);
  });
});
