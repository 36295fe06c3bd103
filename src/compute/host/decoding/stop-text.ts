import { ContinuationText } from '../../../base-models/tokenizers/continuation-text.js';

type Decode = (tokens: readonly number[]) => Promise<string>;

/** Tokens that are decoded again with each new one before the text before them is taken as settled. */
const WINDOW = 32;
/** Ends a text whose last character is not complete yet. */
const INCOMPLETE = '\uFFFD';

/** Finds stop strings in a continuation that grows, without decoding all of it again for each token. */
export class StopText {
  /** The end of the settled text, in which a stop string may begin. */
  private settled = '';
  /** Tokens that the settled text stands for. */
  private from = 0;
  private readonly reach: number;

  private constructor(
    private readonly stopStrings: readonly string[],
    private readonly decode: Decode,
    private readonly prompt: Int32Array,
    private text: ContinuationText,
  ) {
    this.reach = stopStrings.reduce((longest, { length }) => Math.max(longest, length), 1) - 1;
  }

  /** The prompt alone is decoded here, so that a tokenizer that fails does so before anything is computed. */
  static async after(prompt: Int32Array, stopStrings: readonly string[], decode: Decode): Promise<StopText> {
    return new StopText(stopStrings, decode, prompt, await ContinuationText.after(prompt, decode));
  }

  /** For another continuation of the same prompt. */
  again(): StopText {
    return new StopText(this.stopStrings, this.decode, this.prompt, this.text);
  }

  /** Does the text of these tokens, which are those of the call before and more, contain a stop string? */
  async isIn(tokens: readonly number[]): Promise<boolean> {
    const text = this.settled + (await this.text.of(tokens.slice(this.from)));
    if (this.stopStrings.some((stop) => text.includes(stop))) return true;
    if (tokens.length - this.from >= WINDOW && !text.endsWith(INCOMPLETE)) await this.settle(text, tokens);
    return false;
  }

  private async settle(text: string, tokens: readonly number[]): Promise<void> {
    this.settled = this.reach > 0 ? text.slice(-this.reach) : '';
    this.from = tokens.length;
    this.text = await ContinuationText.after(Int32Array.from([...this.prompt, ...tokens]), this.decode);
  }
}
