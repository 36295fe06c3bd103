import { type AnswerReader, asText } from './tool-call-format.js';
import { type AnswerPart } from './tool-call.js';

/** What a reader makes of the text from the first mark on. */
export interface MarkedCalls {
  /** The text in front of every call. */
  readonly mark: string;
  /** What is certain in the text so far, which begins with a mark, and what is to be looked at again with more of it. */
  settle(text: string): { readonly parts: AnswerPart[]; readonly rest: string };
  /** What a text that has ended holds. */
  end(text: string): AnswerPart[];
}

/** Gives out text up to a mark; white space before and between calls is left out. */
export class MarkedReader implements AnswerReader {
  private held = '';
  private isMarked = false;
  /** Has text come since the start, or since the last call? */
  private hasText = false;
  private hasCalls = false;

  constructor(private readonly calls: MarkedCalls) {}

  push(text: string): AnswerPart[] {
    this.held += text;
    let given: AnswerPart[] = [];
    for (;;) {
      if (!this.isMarked) given = [...given, ...this.textBeforeMark()];
      if (!this.isMarked) return given;
      const { parts, rest } = this.calls.settle(this.held);
      if (rest === this.held) return given;
      given = [...given, ...parts];
      this.held = rest;
      this.isMarked = this.hasText = false;
      this.hasCalls = true;
    }
  }

  finish(): AnswerPart[] {
    if (this.isMarked) return this.calls.end(this.held);
    return this.hasCalls && !this.hasText && this.held.trim() === '' ? [] : asText(this.held);
  }

  private textBeforeMark(): AnswerPart[] {
    const { mark } = this.calls;
    const at = this.held.indexOf(mark);
    this.isMarked = at >= 0;
    const text = this.held.slice(0, at >= 0 ? at : this.held.length - beginningAtEnd(this.held, mark));
    const isGap = !this.hasText && text.trim() === '';
    if (isGap && !this.isMarked) return [];
    this.held = this.held.slice(text.length);
    if (isGap) return [];
    this.hasText = true;
    return asText(text);
  }
}

/** Length of the longest end of the text that is a beginning of the mark. */
function beginningAtEnd(text: string, mark: string): number {
  let length = Math.min(mark.length - 1, text.length);
  while (!text.endsWith(mark.slice(0, length))) length--;
  return length;
}
