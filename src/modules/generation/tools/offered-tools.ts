import { type BaseModel } from '../../../base-models/base-model.js';
import { type ToolCallFormat } from '../../../base-models/tool-calls/tool-call-format.js';
import { invalid, type JsonObject } from '../../../common/json/json-fields.js';

/** A function as a request describes it, in any dialect. */
export interface OfferedFunction {
  readonly name: string;
  readonly description?: string;
  /** JSON schema of its arguments; left out: it takes none. */
  readonly parameters?: JsonObject;
  /** Whether calls must have arguments of this schema. */
  readonly strict: boolean;
}

/** The functions that a model may call, and how it writes calls. */
export interface OfferedTools {
  readonly functions: readonly OfferedFunction[];
  readonly names: ReadonlySet<string>;
  readonly format: ToolCallFormat;
  /** As chat templates read them. */
  readonly definitions: readonly object[];
}

/**
 * Offers functions to a model whose chat template knows tools. `field`: what the client calls them.
 * @throws InvalidRequestError for a template that does not, and for two functions of one name
 */
export async function offerTools(
  functions: readonly OfferedFunction[],
  model: BaseModel,
  field = 'tools',
): Promise<OfferedTools> {
  const names = new Set<string>();
  for (const [i, { name }] of functions.entries()) {
    if (names.has(name))
      throw invalid(`${field}[${i}]`, `has the name '${name}' of another one.`, 'Rename one of them.');
    names.add(name);
  }
  const format = await requireFormat(model, field);
  return { functions, names, format, definitions: functions.map(definitionOf) };
}

async function requireFormat({ name, tokenizer }: BaseModel, field: string): Promise<ToolCallFormat> {
  const use = await tokenizer.toolUse();
  if (typeof use !== 'string') return use;
  const problem =
    use === 'ignored'
      ? `does not work with '${name}', whose chat template ignores tools.`
      : `does not work with '${name}': its chat template has calls written in a format that this server does not read.`;
  throw invalid(field, problem, 'Omit it, or use a model with calls as those of Hermes, Qwen, Llama 3.1 or Mistral.');
}

/** Whether it is strict is for the sampler alone: no model has been trained on that. */
function definitionOf({ name, description, parameters }: OfferedFunction): object {
  return {
    type: 'function',
    function: { name, ...(description === undefined ? {} : { description }), ...(parameters && { parameters }) },
  };
}
