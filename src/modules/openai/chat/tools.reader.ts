import { type BaseModel } from '../../../base-models/base-model.js';
import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readObject,
  readString,
} from '../../../common/json/json-fields.js';
import { type OfferedFunction, type OfferedTools, offerTools, type ToolUseRules } from '../../generation/index.js';
import { type ChatCompletionRequestDto } from './chat-completion.dto.js';
import { readFunctionName } from './response-format.reader.js';

const TOOL_FORM = 'A tool is {"type": "function", "function": {"name": "...", "parameters": {...}}}.';
const CHOICE_FORM = 'Pass "none", "auto", "required" or {"type": "function", "function": {"name": "..."}}.';
const MAX_TOOLS = 128;

/** The functions that a request offers, and how they are to be used; null where it offers none. */
export interface RequestedTools extends OfferedTools {
  readonly rules: ToolUseRules;
}

/** @throws InvalidRequestError */
export async function readRequestedTools(
  { tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatCompletionRequestDto,
  model: BaseModel,
): Promise<RequestedTools | null> {
  const list = isGiven(tools) ? readArray(tools, 'tools', TOOL_FORM) : [];
  if (list.length > MAX_TOOLS) throw invalid('tools', `has ${list.length} entries.`, `Pass at most ${MAX_TOOLS}.`);
  const functions = list.map((tool, i) => readFunction(tool, `tools[${i}]`));
  const wanted = readChoice(choice, functions);
  if (isGiven(parallel) && functions.length === 0) {
    throw invalid('parallel_tool_calls', 'is only allowed with tools.', 'Pass tools, or omit it.');
  }
  if (functions.length === 0 || wanted === 'none') return null;
  const offered = await offerTools(functions, model, 'tools');
  return { ...offered, rules: { choice: wanted, parallel: parallel ?? true } };
}

/** What the client calls the parameters of a tool. */
export const parametersField = (index: number): string => `tools[${index}].function.parameters`;

function readFunction(tool: unknown, field: string): OfferedFunction {
  const { type, function: given } = readObject(tool, field, TOOL_FORM);
  if (type !== 'function') throw invalid(`${field}.type`, `is ${describe(type)}.`, 'Only functions are supported.');
  const described = readObject(given, `${field}.function`, TOOL_FORM);
  const { name, description, parameters, strict } = described;
  const path = `${field}.function`;
  return {
    name: readFunctionName(name, `${path}.name`),
    ...(isGiven(description) ? { description: readString(description, `${path}.description`, TOOL_FORM) } : {}),
    ...(isGiven(parameters) ? { parameters: readObject(parameters, `${path}.parameters`, TOOL_FORM) } : {}),
    strict: strict === true,
  };
}

function readChoice(value: unknown, functions: readonly OfferedFunction[]): ToolUseRules['choice'] | 'none' {
  if (!isGiven(value) || value === 'auto' || value === 'none') return value === 'none' ? 'none' : 'auto';
  const choice = value === 'required' ? value : readNamed(readObject(value, 'tool_choice', CHOICE_FORM));
  const name = typeof choice === 'object' ? choice.name : null;
  if (functions.length === 0) throw invalid('tool_choice', 'asks for a call without tools.', 'Pass tools, or omit it.');
  if (name === null || functions.some((one) => one.name === name)) return choice;
  throw invalid('tool_choice.function.name', `is '${name}', which is not in tools.`, 'Name one of the tools.');
}

function readNamed({ type, function: named }: JsonObject): { readonly name: string } {
  if (type !== 'function') throw invalid('tool_choice.type', `is ${describe(type)}.`, CHOICE_FORM);
  const { name } = readObject(named, 'tool_choice.function', CHOICE_FORM);
  return { name: readString(name, 'tool_choice.function.name', CHOICE_FORM) };
}
