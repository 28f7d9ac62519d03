// The scripted API's own count of a request's tokens: words, numbers and marks, as a tokenizer would take
// them, and images by their size. It knows nothing of how the program under test estimates.

import { blocks } from './api-rules.mjs';

const PIECES = /[A-Za-z]{1,6}|\d{1,3}|[^\sA-Za-z\d]/g;
const IMAGE = 1500;

const countText = (text) => text.match(PIECES)?.length ?? 0;

function countBlock(block) {
  if (block.type === 'image') return IMAGE;
  if (block.type === 'tool_result' && Array.isArray(block.content)) return block.content.reduce((sum, part) => sum + countBlock(part), 8);
  const { signature, cache_control: _, ...rest } = block;
  return countText(JSON.stringify(rest)) + (signature ? 4 : 0);
}

export function countTokens({ system = '', tools = [], messages = [] }) {
  return countText(JSON.stringify(system)) + countText(JSON.stringify(tools)) +
    messages.reduce((sum, message) => sum + blocks(message).reduce((own, block) => own + countBlock(block), 4), 0);
}
