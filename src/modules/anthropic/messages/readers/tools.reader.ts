import { type BaseModel } from '../../../../base-models/base-model.js';
import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readFlag,
  readObject,
  readString,
} from '../../../../common/json/json-fields.js';
import { type OfferedFunction, type OfferedTools, offerTools, type ToolUseRules } from '../../../generation/index.js';
import { type MessagePromptDto } from '../dto/message-request.dto.js';

const TOOL_FORM = 'A tool is {"name": "...", "description": "...", "input_schema": {"type": "object", ...}}.';
const CHOICE_FORM = 'Pass {"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "..."} or {"type": "none"}.';
/** What would make the prompt or the calls other ones than this server's. */
const NOT_SUPPORTED = ['defer_loading', 'input_examples'];

/** The tools that a request offers, and how they are to be used. */
export interface RequestedTools extends OfferedTools {
  readonly rules: ToolUseRules;
}

/** The tools that the model may call; null where it may call none. @throws InvalidRequestError */
export async function readTools(
  { tools, tool_choice: choice }: MessagePromptDto,
  model: BaseModel,
): Promise<RequestedTools | null> {
  const list = isGiven(tools) ? readArray(tools, 'tools', TOOL_FORM) : [];
  const functions = list.map((tool, i) => readTool(tool, `tools[${i}]`));
  if (functions.length === 0) {
    if (isGiven(choice)) throw invalid('tool_choice', 'is given without tools.', 'Pass tools, or omit it.');
    return null;
  }
  const rules = readChoice(isGiven(choice) ? choice : { type: 'auto' }, functions);
  return rules && { ...(await offerTools(functions, model)), rules };
}

/** What the client calls the parameters of a tool. */
export const schemaField = (index: number): string => `tools[${index}].input_schema`;

function readTool(value: unknown, field: string): OfferedFunction {
  const tool = readObject(value, field, TOOL_FORM);
  const { type, name, description, input_schema: schema } = tool;
  if (isGiven(type) && type !== 'custom') {
    throw invalid(`${field}.type`, `is ${describe(type)}.`, 'Tools of Anthropic are not supported, only your own.');
  }
  refuseUnsupported(tool, field);
  if (typeof name !== 'string' || !/^[\w-]{1,128}$/.test(name)) {
    throw invalid(`${field}.name`, `is ${describe(name)}.`, 'Use up to 128 letters, digits, _ and -.');
  }
  if (isGiven(description) && typeof description !== 'string') {
    throw invalid(`${field}.description`, `is ${describe(description)}.`, TOOL_FORM);
  }
  const parameters = readObject(schema, `${field}.input_schema`, TOOL_FORM);
  if (parameters['type'] !== 'object') {
    throw invalid(`${field}.input_schema.type`, `is ${describe(parameters['type'])}.`, 'It must be "object".');
  }
  return {
    name,
    description: description ?? undefined,
    parameters,
    strict: readFlag(tool['strict'], `${field}.strict`),
  };
}

function refuseUnsupported(tool: JsonObject, field: string): void {
  const name = NOT_SUPPORTED.find((one) => {
    const value = tool[one];
    return isGiven(value) && value !== false && !(Array.isArray(value) && value.length === 0);
  });
  if (name !== undefined) throw invalid(`${field}.${name}`, 'is not supported.', 'Omit it.');
  const callers = tool['allowed_callers'];
  if (!isGiven(callers) || (Array.isArray(callers) && callers.includes('direct'))) return;
  throw invalid(`${field}.allowed_callers`, 'leaves out "direct".', 'Add it: only the model itself calls tools here.');
}

/** Null where no tool may be called. */
function readChoice(value: unknown, functions: readonly OfferedFunction[]): ToolUseRules | null {
  const { type, name, disable_parallel_tool_use: single } = readObject(value, 'tool_choice', CHOICE_FORM);
  const parallel = !readFlag(single, 'tool_choice.disable_parallel_tool_use');
  switch (type) {
    case 'none':
      return null;
    case 'auto':
      return { choice: 'auto', parallel };
    case 'any':
      return { choice: 'required', parallel };
    case 'tool': {
      const named = readString(name, 'tool_choice.name', CHOICE_FORM);
      if (functions.some((one) => one.name === named)) return { choice: { name: named }, parallel };
      throw invalid('tool_choice.name', `is '${named}', which is not in tools.`, 'Name one of the tools.');
    }
    default:
      throw invalid('tool_choice.type', `is ${describe(type)}.`, CHOICE_FORM);
  }
}
