import { randomBytes } from 'node:crypto';
import { choice, literal, optional, repeated, sequence } from '../../grammars/ebnf.js';
import { isObjectText, jsonElements } from './json-members.js';
import { MarkedReader } from './marked-reader.js';
import {
  type AnswerReader,
  asCalls,
  asText,
  callObject,
  type CallRule,
  dispatch,
  type RuleMaker,
  callOf,
  isProbe,
  ToolCallFormat,
} from './tool-call-format.js';
import { type AnswerPart, type ToolCall } from './tool-call.js';

const MARK = '[TOOL_CALLS]';
const ID = '[CALL_ID]';
const ARGUMENTS = '[ARGS]';

/** What follows the first mark are calls up to the end of the answer. */
abstract class MistralFormat extends ToolCallFormat {
  /** Templates of Mistral refuse any other length and any other character. */
  override makeId(): string {
    return randomBytes(16).toString('base64').replace(/[+/=]/g, '').slice(0, 9).padEnd(9, '0');
  }

  override matches(rendered: string): boolean {
    const at = rendered.lastIndexOf(MARK);
    if (at < 0) return false;
    // Only the token that ends the turn follows the call.
    const text = rendered.slice(at, 1 + Math.max(rendered.lastIndexOf('}'), rendered.lastIndexOf(']')));
    return isProbe(this.callsIn(text)?.[0]);
  }

  override reader(): AnswerReader {
    const end = (text: string): AnswerPart[] => {
      const calls = this.callsIn(text);
      return calls ? asCalls(calls) : asText(text);
    };
    return new MarkedReader({ mark: MARK, settle: (rest) => ({ parts: [], rest }), end });
  }

  /** The calls in a text that begins with a mark; null when it is none. */
  protected abstract callsIn(text: string): readonly ToolCall[] | null;
}

/** `[TOOL_CALLS][{"name": ..., "arguments": {...}}, ...]`, as Mistral's models up to 2024 write calls. */
export class MistralListFormat extends MistralFormat {
  override readonly name = 'mistral';
  override readonly markers = [MARK];

  override calls(functions: readonly CallRule[], parallel: boolean): string {
    return sequence(literal(MARK), callList(functions, parallel));
  }

  override textWithCalls(functions: readonly CallRule[], parallel: boolean, rule: RuleMaker): string {
    return dispatch(MARK, rule(callList(functions, parallel)), false);
  }

  protected override callsIn(text: string): readonly ToolCall[] | null {
    const calls = jsonElements(text.slice(MARK.length))?.map((element) => callOf(element, 'arguments')) ?? [];
    return calls.length > 0 && calls.every((call) => call !== null) ? calls : null;
  }
}

/** `[TOOL_CALLS]name[ARGS]{...}` for each call, as Mistral's models since 2025 write calls; an id may stand between. */
export class MistralArgumentsFormat extends MistralFormat {
  override readonly name = 'mistral-args';
  override readonly markers = [MARK, ID, ARGUMENTS];

  override calls(functions: readonly CallRule[], parallel: boolean): string {
    return repeated(sequence(literal(MARK), callWithArguments(functions)), 1, parallel ? null : 1);
  }

  override textWithCalls(functions: readonly CallRule[], parallel: boolean, rule: RuleMaker): string {
    return dispatch(MARK, rule(callWithArguments(functions)), parallel);
  }

  protected override callsIn(text: string): readonly ToolCall[] | null {
    const calls = text.split(MARK).slice(1).map(argumentsCall);
    return calls.length > 0 && calls.every((call) => call !== null) ? calls : null;
  }
}

function callList(functions: readonly CallRule[], parallel: boolean): string {
  const call = callObject(functions, 'arguments');
  const others = parallel ? repeated(sequence(literal(', '), call), 0, null) : '""';
  return sequence(optional(literal(' ')), literal('['), call, others, literal(']'));
}

function callWithArguments(functions: readonly CallRule[]): string {
  return choice(functions.map(({ name, arguments: given }) => sequence(literal(name), literal(ARGUMENTS), given)));
}

function argumentsCall(text: string): ToolCall | null {
  const at = text.indexOf(ARGUMENTS);
  if (at < 0) return null;
  const [name = ''] = text.slice(0, at).split(ID);
  const given = text.slice(at + ARGUMENTS.length).trim();
  return name.trim() !== '' && isObjectText(given) ? { name: name.trim(), arguments: given } : null;
}
