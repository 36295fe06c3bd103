import { type TokenizedText } from '../tokenizers/chat-tokenizer.js';
import { type TextSpan } from './jinja/jinja-renderer.js';

/**
 * For every token that holds a character of a span the number of that span, counted from 1; 0 for all others. Not 0
 * where transformers' return_assistant_tokens_mask is 1: a token that
 * covers both sides of a boundary counts as the assistant's, who has to write it as a whole. Spans are in the order of
 * the text and do not overlap.
 */
export function tokenMask(spans: readonly TextSpan[], { tokens, offsets }: TokenizedText): Int32Array {
  const mask = new Int32Array(tokens.length);
  let next = 0;
  for (let token = 0; token < tokens.length; token++) {
    const start = offsets[2 * token] ?? 0;
    const end = offsets[2 * token + 1] ?? 0;
    let span = spans[next];
    while (span && start >= span.end) span = spans[++next];
    if (!span) break;
    if (end > span.start) mask[token] = next + 1;
  }
  return mask;
}
