import { type TextStream } from './text-stream.js';
import { type TokenTriple } from '../../../events/token-events.js';

/** A piece of text that a client gets; `token` is null for what was held back until the end. */
export interface TextDelta {
  readonly index: number;
  readonly token: number | null;
  readonly text: string;
}

/**
 * The texts of all sequences of one streamed request. When a token was lost on the way, its sequence gives no more
 * pieces until the final text is known: what was given out stays a prefix of it.
 */
export class TokenTexts {
  private readonly sequences: { readonly stream: TextStream; next: number; broken: boolean }[] = [];

  constructor(private readonly makeStream: () => TextStream) {}

  /** Wait for one token before the next. */
  async push([index, position, token]: TokenTriple): Promise<TextDelta> {
    const sequence = this.sequence(index);
    if (position !== sequence.next) sequence.broken = true;
    sequence.next = position + 1;
    return { index, token, text: sequence.broken ? '' : await sequence.stream.push(token) };
  }

  /** What is missing from the final texts. */
  finish(texts: readonly string[]): TextDelta[] {
    const rests = texts.map((text, index) => ({ index, token: null, text: this.sequence(index).stream.finish(text) }));
    return rests.filter(({ text }) => text !== '');
  }

  private sequence(index: number): { readonly stream: TextStream; next: number; broken: boolean } {
    return (this.sequences[index] ??= { stream: this.makeStream(), next: 0, broken: false });
  }
}
