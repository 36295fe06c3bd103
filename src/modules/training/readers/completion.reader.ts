import { type BaseModel } from '../../../base-models/base-model.js';
import { invalid, readObject, readString, refuseUnknownFields } from '../../../common/json/json-fields.js';
import { checkSequence, type TrainedSequence } from './batch-context.js';

const ROW = 'Pass {"prompt": "...", "completion": "..."}.';

/** A row of plain text, which no chat template is put around. */
export function isCompletion(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'prompt' in value;
}

/**
 * Prompt and completion as one text; a token across the border belongs to the completion, which ends with the end token.
 * `truncate`: cuts what exceeds the context, in place of refusing it.
 */
export async function readTrainedCompletion(
  value: unknown,
  field: string,
  { model, truncate }: { readonly model: BaseModel; readonly truncate: boolean },
): Promise<TrainedSequence> {
  const { tokenizer, config } = model;
  const { prompt, completion } = readCompletion(value, field);
  const maxTokens = truncate ? undefined : config.contextLength;
  const text = await tokenizer.encodeWithOffsets(prompt + completion, { field, maxTokens });
  const weights = Array.from(text.tokens, (_, i) => ((text.offsets[2 * i + 1] ?? 0) > prompt.length ? 1 : 0));
  const tokens = Array.from(text.tokens);
  const [end] = tokenizer.endTokens;
  if (tokenizer.endTokens.includes(tokens.at(-1) ?? -1)) weights[weights.length - 1] = 1;
  else if (end !== undefined) {
    tokens.push(end);
    weights.push(1);
  }
  const length = truncate ? config.contextLength : tokens.length;
  const sequence = {
    tokens: Int32Array.from(tokens.slice(0, length)),
    weights: Float32Array.from(weights.slice(0, length)),
  };
  await checkSequence(sequence.tokens, field, model);
  return sequence;
}

function readCompletion(value: unknown, field: string): { prompt: string; completion: string } {
  const row = readObject(value, field, ROW);
  refuseUnknownFields(row, ['prompt', 'completion'], field);
  const prompt = readString(row['prompt'], `${field}.prompt`, ROW);
  const completion = readString(row['completion'], `${field}.completion`, ROW);
  if (completion === '') throw invalid(`${field}.completion`, 'is empty.', 'It is what is trained.');
  return { prompt, completion };
}
