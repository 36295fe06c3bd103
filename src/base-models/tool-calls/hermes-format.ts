import { literal, repeated, sequence } from '../../grammars/ebnf.js';
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

const OPEN = '<tool_call>';
const CLOSE = '</tool_call>';

/** `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, as Hermes, Qwen 2.5 and Qwen 3 write calls. */
export class HermesFormat extends ToolCallFormat {
  override readonly name = 'hermes';
  // Not special in most tokenizers, but in some.
  override readonly markers = [OPEN, CLOSE];

  override matches(rendered: string): boolean {
    const at = rendered.lastIndexOf(OPEN);
    return at >= 0 && isProbe(callIn(rendered.slice(at, rendered.indexOf(CLOSE, at))));
  }

  override calls(functions: readonly CallRule[], parallel: boolean): string {
    const call = sequence(literal(OPEN), afterOpen(functions));
    return parallel ? sequence(call, repeated(sequence(literal('\n'), call), 0, null)) : call;
  }

  override textWithCalls(functions: readonly CallRule[], parallel: boolean, rule: RuleMaker): string {
    return dispatch(OPEN, rule(afterOpen(functions)), parallel);
  }

  override reader(): AnswerReader {
    return new MarkedReader({ mark: OPEN, settle, end });
  }
}

function afterOpen(functions: readonly CallRule[]): string {
  return sequence(literal('\n'), callObject(functions, 'arguments'), literal(`\n${CLOSE}`));
}

/** A call ends at the first closing mark up to which it is one: an argument may hold such a text. */
function settle(text: string): { parts: AnswerPart[]; rest: string } {
  for (let at = text.indexOf(CLOSE); at >= 0; at = text.indexOf(CLOSE, at + 1)) {
    const call = callIn(text.slice(0, at));
    if (call) return { parts: asCalls([call]), rest: text.slice(at + CLOSE.length) };
  }
  return { parts: [], rest: text };
}

/** The last closing mark may be missing. */
function end(text: string): AnswerPart[] {
  const call = callIn(text);
  return call ? asCalls([call]) : asText(text);
}

function callIn(text: string): ToolCall | null {
  return callOf(text.slice(OPEN.length), 'arguments');
}
