import { type TokenizedText } from './chat-tokenizer.js';
import { type TextSpan } from './jinja/jinja-renderer.js';

/**
 * 1 for every token that holds a character of a span, as transformers' return_assistant_tokens_mask: a token that
 * covers both sides of a boundary counts as the assistant's, who has to write it as a whole. Spans are in the order of
 * the text and do not overlap.
 */
export function tokenMask(spans: readonly TextSpan[], { tokens, offsets }: TokenizedText): Uint8Array {
  const mask = new Uint8Array(tokens.length);
  let next = 0;
  for (let token = 0; token < tokens.length; token++) {
    const start = offsets[2 * token] ?? 0;
    const end = offsets[2 * token + 1] ?? 0;
    let span = spans[next];
    while (span && start >= span.end) span = spans[++next];
    if (!span) break;
    if (end > span.start) mask[token] = 1;
  }
  return mask;
}
