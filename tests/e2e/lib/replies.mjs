// Replies: what the scripted API answers, as plain values.
//
// A reply says how one request is answered. It is plain JSON, so that it can be queued by a test or
// ride inside a prompt ("directive" below), where a client that runs far from the test carries it:
//
//     await client.ask('count to ten', reply.stall());
//     await client.ask('list files', reply.tools([bash('ls')], { then: reply.text('Two files.') }));
//
// `then` is the reply to the request that follows in the same turn: the one that brings the results of
// the tools. Without it the turn ends with a short text.

const DIRECTIVE = 'REPLY';

/** What a stream says where its reply names no text, so that a directive stays short enough to be typed (a
 *  client folds longer input into "[Pasted text]"). Forty numbered sentences: long enough to be cut anywhere, and each piece can be told from
 *  the others. */
export const LONG_TEXT = Array.from({ length: 40 },
  (_, i) => `Sentence ${String(i).padStart(2, '0')} of the long answer.`).join(' ');

export const reply = {
  /** The whole text at once. `inputTokens` claims a context of that size. */
  text: (text = 'Understood.', more = {}) => ({ kind: 'stream', text, ...more }),

  /** The long text in `pieces`, one every `everyMs`. */
  slowly: ({ pieces = 40, everyMs = 500, ...more } = {}) =>
    ({ kind: 'stream', pieces, everyMs, ...more }),

  /** Half the long text, then nothing; with `pingMs`, nothing but pings. */
  stall: ({ pingMs = 0, ...more } = {}) =>
    ({ kind: 'stream', pieces: 8, end: 'hold', pingMs, ...more }),

  /** HTTP headers and no event. */
  headersOnly: () => ({ kind: 'headers-only' }),

  /** The request is taken and never answered. */
  silence: () => ({ kind: 'silence' }),

  /** Half the long text, then the connection is reset (`cut`: closed in order). */
  drop: () => ({ kind: 'stream', pieces: 8, end: 'reset' }),
  cut: () => ({ kind: 'stream', pieces: 8, end: 'close' }),

  /** Tool calls, all in one message. */
  tools: (tools, more = {}) => ({ kind: 'stream', text: 'I will use a tool.', tools, ...more }),

  /** 529, which the client tries again, eleven times within about three minutes. */
  overloaded: () => ({ kind: 'error', status: 529, type: 'overloaded_error', message: 'Overloaded' }),

  /** 429: the usage limit of five hours is reached, until then (seconds since 1970). A client that was told to
   *  wait (CLAUDE_CODE_RETRY_WATCHDOG) tries again when it is lifted. */
  limited: (until) => ({ kind: 'error', status: 429, type: 'rate_limit_error', message: "This request would exceed your account's rate limit.",
    headers: { 'anthropic-ratelimit-unified-status': 'rejected', 'anthropic-ratelimit-unified-reset': String(until),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour', 'x-should-retry': 'true' } }),

  /** 400, which it does not. */
  refused: (message = 'refused by the script') =>
    ({ kind: 'error', status: 400, type: 'invalid_request_error', message }),
};

/** Tool calls for `reply.tools`. */
export const bash = (command, more = {}) =>
  ({ name: 'Bash', input: { command, description: 'scripted command', ...more } });
export const read = (path) => ({ name: 'Read', input: { file_path: path } });
export const write = (path, content) => ({ name: 'Write', input: { file_path: path, content } });
export const question = (text, options) => ({
  name: 'AskUserQuestion',
  input: { questions: [{ question: text, header: 'Choice', multiSelect: false,
    options: options.map((label) => ({ label, description: `take ${label}` })) }] },
});
export const agent = (prompt) =>
  ({ name: 'Agent', input: { description: 'scripted errand', prompt, subagent_type: 'general-purpose' } });

/** The text that makes a prompt carry its own reply. */
export function withDirective(prompt, wanted) {
  return wanted ? `${prompt} ${DIRECTIVE} ${JSON.stringify(wanted)}` : prompt;
}

/** The reply that a prompt carries, or null. A directive reaches to the end of the JSON object. */
export function directiveIn(text) {
  const at = text.indexOf(`${DIRECTIVE} {`);
  if (at < 0) return null;
  const json = text.slice(at + DIRECTIVE.length + 1);
  return JSON.parse(json.slice(0, endOfObject(json)));
}

function endOfObject(json) {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i + 1;
  }
  throw new Error(`the directive is not a whole JSON object: ${json}`);
}
