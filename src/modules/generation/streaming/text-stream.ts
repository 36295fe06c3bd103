import { added } from '../../../base-models/tokenizers/continuation-text.js';

export interface TextStreamOptions {
  /** The end of the prompt (ContinuationText.context). */
  readonly context?: readonly number[];
  /** Tokens that are no text before what follows is known. */
  readonly isByte?: (token: number) => boolean;
}

/**
 * Text of a continuation while it is being sampled. A token may hold only part of a character (byte-level BPE), or the
 * beginning of a stop string: such text is held back until it is certain, so the pieces given out are always a prefix
 * of the final text.
 */
export class TextStream {
  private readonly tokens: number[];
  /** Tokens before `read` are given out; those from `prefix` on are decoded again, since spaces depend on neighbours. */
  private prefix = 0;
  private read: number;
  private held = '';
  private emitted = 0;
  private stopped = false;

  constructor(
    private readonly decode: (tokens: readonly number[]) => Promise<string>,
    private readonly stopTokens: ReadonlySet<number>,
    private readonly stopStrings: readonly string[],
    private readonly options: TextStreamOptions = {},
  ) {
    this.tokens = [...(options.context ?? [])];
    this.read = this.tokens.length;
  }

  /** Text that becomes certain with this token; often empty. Wait for one token before the next. */
  async push(token: number): Promise<string> {
    if (this.stopped) return '';
    if (this.stopTokens.has(token)) {
      this.stopped = true;
      return '';
    }
    this.tokens.push(token);
    if (this.options.isByte?.(token)) return '';
    const before = await this.decode(this.tokens.slice(this.prefix, this.read));
    const after = await this.decode(this.tokens.slice(this.prefix));
    // U+FFFD at the end: the bytes of a character are not complete yet.
    const delta = added(before, after);
    if (delta === '' || after.endsWith('\uFFFD')) return '';
    this.prefix = this.read;
    this.read = this.tokens.length;
    return this.give(delta);
  }

  /** What is still missing from the final text, once it is known. */
  finish(finalText: string): string {
    const rest = finalText.slice(this.emitted);
    this.emitted = finalText.length;
    this.stopped = true;
    return rest;
  }

  private give(delta: string): string {
    this.held += delta;
    const stopAt = firstStop(this.held, this.stopStrings);
    if (stopAt >= 0) this.stopped = true;
    const sure = stopAt >= 0 ? stopAt : this.held.length - undecided(this.held, this.stopStrings);
    const text = this.held.slice(0, sure);
    this.held = this.held.slice(sure);
    this.emitted += text.length;
    return text;
  }
}

/** The text up to the first stop string. */
export function cutAtStop(text: string, stopStrings: readonly string[]): string {
  const at = firstStop(text, stopStrings);
  return at < 0 ? text : text.slice(0, at);
}

function firstStop(text: string, stopStrings: readonly string[]): number {
  const offsets = stopStrings.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return offsets.sort((a, b) => a - b)[0] ?? -1;
}

/** Length of the longest end of the text that may still become a stop string. */
function undecided(text: string, stopStrings: readonly string[]): number {
  let longest = 0;
  for (const stop of stopStrings) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
