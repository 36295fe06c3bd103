import { type ChatTokenizer } from './chat-tokenizer.js';

export type Decode = (tokens: ArrayLike<number>) => Promise<string>;

/**
 * Text of tokens without special ones, but with those named by their ids: some chat templates have a model mark its calls of
 * functions by special tokens.
 */
export function decoderShowing(tokenizer: ChatTokenizer, shown: readonly number[]): Decode {
  const decode = (tokens: ArrayLike<number>) => tokenizer.decode(tokens, { skipSpecialTokens: true });
  if (shown.length === 0) return decode;
  return async (tokens) => {
    const texts: Promise<string>[] = [];
    let piece: number[] = [];
    for (const token of Array.from(tokens)) {
      if (!shown.includes(token)) {
        piece.push(token);
        continue;
      }
      texts.push(decode(piece), tokenizer.decode([token]));
      piece = [];
    }
    return (await Promise.all([...texts, decode(piece)])).join('');
  };
}
