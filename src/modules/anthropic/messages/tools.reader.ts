import { type BaseModel } from '../../../base-models/base-model.js';
import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readObject,
} from '../../../common/json/json-fields.js';
import { type OfferedFunction, type OfferedTools, offerTools } from '../../generation/index.js';
import { type MessagePromptDto } from './message-request.dto.js';

const TOOL_FORM = 'A tool is {"name": "...", "description": "...", "input_schema": {"type": "object", ...}}.';
const CHOICE_FORM = 'Pass {"type": "auto"} or {"type": "none"}.';
/** What would make the prompt or the calls other ones than this server's. */
const NOT_SUPPORTED = ['strict', 'defer_loading', 'input_examples'];

/** The tools that the model may call; null where it may call none. @throws InvalidRequestError */
export async function readTools(
  { tools, tool_choice: choice }: MessagePromptDto,
  model: BaseModel,
): Promise<OfferedTools | null> {
  const list = isGiven(tools) ? readArray(tools, 'tools', TOOL_FORM) : [];
  const functions = list.map((tool, i) => readTool(tool, `tools[${i}]`));
  if (!isGiven(choice)) return functions.length > 0 ? offerTools(functions, model) : null;
  if (functions.length === 0) throw invalid('tool_choice', 'is given without tools.', 'Pass tools, or omit it.');
  return mayCall(choice) ? offerTools(functions, model) : null;
}

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
  return { name, description: description ?? undefined, parameters, strict: false };
}

function refuseUnsupported(tool: JsonObject, field: string): void {
  const name = NOT_SUPPORTED.find((one) => {
    const value = tool[one];
    return isGiven(value) && value !== false && !(Array.isArray(value) && value.length === 0);
  });
  if (name !== undefined) throw invalid(`${field}.${name}`, 'is not supported.', 'Omit it.');
}

function mayCall(value: unknown): boolean {
  const { type, disable_parallel_tool_use: single } = readObject(value, 'tool_choice', CHOICE_FORM);
  if (isGiven(single) && single !== false) {
    throw invalid('tool_choice.disable_parallel_tool_use', 'is not supported.', 'Omit it.');
  }
  if (type === 'auto' || type === 'none') return type === 'auto';
  throw invalid('tool_choice.type', `is ${describe(type)}.`, `The model decides when to call a tool. ${CHOICE_FORM}`);
}
