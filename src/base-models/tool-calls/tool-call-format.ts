import { randomBytes } from 'node:crypto';
import { choice, literal, sequence } from '../../grammars/ebnf.js';
import { type AnswerPart, type ReadAnswer, type ToolCall } from './tool-call.js';
import { jsonMembers } from './json-members.js';

/** Reads one answer while it is written. What it gives out is never taken back. */
export interface AnswerReader {
  /** What has become certain by these characters. */
  push(text: string): AnswerPart[];
  /** What is left when the answer has ended: text that looked like a call but is none comes out as text. */
  finish(): AnswerPart[];
}

/** A function as a grammar calls it. */
export interface CallRule {
  readonly name: string;
  /** An expression for its arguments. */
  readonly arguments: string;
}

/** How a chat template has its model write calls of functions. */
export abstract class ToolCallFormat {
  abstract readonly name: string;
  /** Special tokens that mark calls, as their texts: an answer is to be decoded with them (they are left out otherwise). */
  readonly markers: readonly string[] = [];
  /** Whether an answer may hold several calls. */
  readonly parallel: boolean = true;

  /** Does a template that renders the probe's call like this have its model write in this format? */
  abstract matches(rendered: string): boolean;

  /** @param names of the functions that may be called */
  abstract reader(names: ReadonlySet<string>): AnswerReader;

  /** An expression for an answer that is one call, or several where `parallel`. */
  abstract calls(functions: readonly CallRule[], parallel: boolean): string;

  /** An expression for a whole answer of text in which every call is as in calls(). @param rule names an expression */
  abstract textWithCalls(functions: readonly CallRule[], parallel: boolean, rule: RuleMaker): string;

  /** The id of a call, which the template may get back. */
  makeId(prefix: string): string {
    return prefix + randomBytes(12).toString('hex');
  }

  read(answer: string, names: ReadonlySet<string>): ReadAnswer {
    const reader = this.reader(names);
    const parts = [...reader.push(answer), ...reader.finish()];
    const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    const calls = parts.flatMap((part) => (part.kind === 'call' ? part.call : []));
    return { text: text === '' && calls.length > 0 ? null : text, calls };
  }
}

export type RuleMaker = (expression: string) => string;

/** `{"name": ..., <key>: {...}}` for one of the functions. */
export function callObject(functions: readonly CallRule[], key: string): string {
  return choice(
    functions.map(({ name, arguments: given }) => {
      return sequence(literal(`{"name": ${JSON.stringify(name)}, "${key}": `), given, literal('}'));
    }),
  );
}

/** Any text, but after the mark nothing than this; again and again, or once. */
export function dispatch(mark: string, rest: string, again: boolean): string {
  return `TagDispatch((${literal(mark)}, ${rest}), stop_eos=true, loop_after_dispatch=${again})`;
}

/** A call that a template is given, to see how it writes one. */
export const PROBE_CALL = { name: 'probe_function', arguments: { probe_argument: 'probe value' } };

/** Is this the call of the probe, and not its description? */
export function isProbe(call: ToolCall | null | undefined): boolean {
  if (call?.name !== PROBE_CALL.name) return false;
  const { probe_argument: value } = JSON.parse(call.arguments) as Record<string, unknown>;
  return value === PROBE_CALL.arguments.probe_argument;
}

/** The call that a JSON object stands for; null when it stands for none. @param key of the arguments */
export function callOf(json: string, key: string): ToolCall | null {
  const members = jsonMembers(json);
  const [name, given] = [members?.get('name'), members?.get(key)];
  if (!name?.startsWith('"') || !given?.startsWith('{')) return null;
  return { name: JSON.parse(name) as string, arguments: given };
}

export const asText = (text: string): AnswerPart[] => (text === '' ? [] : [{ kind: 'text', text }]);
export const asCalls = (calls: readonly ToolCall[]): AnswerPart[] => calls.map((call) => ({ kind: 'call', call }));
