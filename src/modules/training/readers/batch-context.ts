import { type BaseModel } from '../../../base-models/base-model.js';
import { requireEmbeddings } from '../../../base-models/tokenizers/text-limits.js';
import { invalid } from '../../../common/json/json-fields.js';
import { type LossMetadata } from '../../../losses/loss-function.js';

/** Which tokens of a conversation are targets. */
export const TRAIN_ON = ['all', 'assistant'] as const;
export type TrainOn = (typeof TRAIN_ON)[number];

/** What the readers of `data` need to know of the rest of the request; plain data, so that a thread can read datums. */
export interface DatumContext {
  readonly model: Pick<BaseModel, 'name' | 'config'>;
  readonly loss: LossMetadata;
  /** Every name some loss reads: inputs of other losses may be there and are ignored, misspelt ones are refused. */
  readonly knownInputs: readonly string[];
}

/** Conversations need the tokenizer, too. */
export interface BatchContext extends DatumContext {
  readonly model: BaseModel;
}

/** Tokens of a row, and what each of them counts as a target. */
export interface TrainedSequence {
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}

/** @throws InvalidRequestError for tokens that the model cannot be trained on */
export async function checkSequence(tokens: Int32Array, field: string, model: BaseModel): Promise<void> {
  if (tokens.length < 2) {
    throw invalid(field, `has only ${tokens.length} token.`, 'Next-token prediction requires at least two.');
  }
  checkContextLength(tokens.length, field, model);
  await requireEmbeddings(tokens, field, model);
}

/** Sequences are refused, never cut: training on a part of what was sent would go unnoticed. */
export function checkContextLength(length: number, field: string, model: DatumContext['model']): void {
  const limit = model.config.contextLength;
  if (length <= limit) return;
  throw invalid(
    field,
    `is ${length} tokens long, but '${model.name}' has a context length of ${limit} tokens.`,
    `Shorten it to at most ${limit} tokens or split it; text is never truncated silently.`,
  );
}
