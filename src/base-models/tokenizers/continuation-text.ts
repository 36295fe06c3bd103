type Decode = (tokens: readonly number[]) => Promise<string>;

/** Tokens of the prompt that are decoded again at the least: a character takes up to four. */
const CONTEXT_TOKENS = 8;

/**
 * The text that tokens add to a prompt: that of both together, less the prompt's. On its own a continuation would read
 * differently: some decoders (Llama 2's, Mistral's) take a space off what they think is the beginning of a text, and a
 * character may begin in the prompt. Whether there is text before is all that matters, so only the prompt's end is decoded.
 */
export class ContinuationText {
  private constructor(
    private readonly decode: Decode,
    /** The end of the prompt, and its text. */
    readonly context: readonly number[],
    private readonly before: string,
  ) {}

  static async after(prompt: Int32Array, decode: Decode): Promise<ContinuationText> {
    for (let count = CONTEXT_TOKENS; ; count *= 8) {
      const context = Array.from(prompt.subarray(-count));
      const before = await decode(context);
      // Special tokens have no text, so that a longer piece is needed, or there is none.
      if (before !== '' || count >= prompt.length) return new ContinuationText(decode, context, before);
    }
  }

  async of(tokens: ArrayLike<number>): Promise<string> {
    if (tokens.length === 0) return '';
    return added(this.before, await this.decode([...this.context, ...Array.from(tokens)]));
  }
}

/** What `after` has beyond the beginning that both share; `before` may end in half a character. */
export function added(before: string, after: string): string {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  return after.slice(same);
}
