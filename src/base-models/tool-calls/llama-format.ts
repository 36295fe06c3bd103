import { charClass, type CharRange, choice, repeated, sequence, without } from '../../grammars/ebnf.js';
import { endOfValue } from './json-members.js';
import {
  type AnswerReader,
  asCalls,
  asText,
  callObject,
  type CallRule,
  type RuleMaker,
  callOf,
  isProbe,
  ToolCallFormat,
} from './tool-call-format.js';
import { type AnswerPart, type ToolCall } from './tool-call.js';

const TAG = '<|python_tag|>';

const ALL: readonly CharRange[] = [[0, 0x10ffff]];
/** A brace, the start of the tag, and white space. */
const CALL_STARTS: readonly CharRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0x3c, 0x3c],
  [0x7b, 0x7b],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/**
 * `{"name": ..., "parameters": {...}}` as the whole answer, after `<|python_tag|>` or not, as Llama 3.1 and later write a
 * call. Nothing but its name tells a call from an answer in JSON.
 */
export class LlamaFormat extends ToolCallFormat {
  override readonly name = 'llama';
  override readonly markers = [TAG];
  // The template refuses a turn with several.
  override readonly parallel = false;

  override matches(rendered: string): boolean {
    const at = rendered.lastIndexOf('{"name"');
    const to = at < 0 ? -1 : endOfValue(rendered, at);
    return to > 0 && isProbe(callOf(rendered.slice(at, to), 'parameters'));
  }

  override calls(functions: readonly CallRule[]): string {
    return callObject(functions, 'parameters');
  }

  override textWithCalls(functions: readonly CallRule[], _parallel: boolean, rule: RuleMaker): string {
    // Text does not begin like a call.
    const text = sequence(charClass(without(ALL, CALL_STARTS)), repeated(rule(charClass(ALL)), 0, null));
    return choice(['""', this.calls(functions), text]);
  }

  override reader(names: ReadonlySet<string>): AnswerReader {
    return new LlamaReader(names);
  }
}

/** An answer that begins like a call is one or not as a whole. */
class LlamaReader implements AnswerReader {
  private held = '';
  private isText = false;

  constructor(private readonly names: ReadonlySet<string>) {}

  push(text: string): AnswerPart[] {
    if (this.isText) return asText(text);
    this.held += text;
    const start = this.held.trimStart();
    if (start === '' || start.startsWith('{') || start.startsWith(TAG) || TAG.startsWith(start)) return [];
    this.isText = true;
    return this.release();
  }

  finish(): AnswerPart[] {
    const calls = callsIn(this.held);
    const areCalls = calls.length > 0 && calls.every((call) => call && this.names.has(call.name));
    return areCalls ? asCalls(calls.filter((call) => call !== null)) : this.release();
  }

  private release(): AnswerPart[] {
    const text = this.held;
    this.held = '';
    return asText(text);
  }
}

/** Models write several calls with semicolons between them, though no template says so. */
function callsIn(text: string): (ToolCall | null)[] {
  const calls: (ToolCall | null)[] = [];
  let rest = text.trim();
  while (rest !== '') {
    if (rest.startsWith(TAG)) rest = rest.slice(TAG.length).trimStart();
    const end = endOfValue(rest, 0);
    calls.push(end < 0 ? null : callOf(rest.slice(0, end), 'parameters'));
    rest = end < 0 ? '' : rest.slice(end).replace(/^\s*;?\s*/, '');
  }
  return calls;
}
