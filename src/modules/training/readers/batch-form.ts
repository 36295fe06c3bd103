import { describe, invalid, readArray } from '../../../common/json/json-fields.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { type DatumContext, type TrainOn } from './batch-context.js';
import { isCompletion } from './completion.reader.js';
import { readDatums } from './datum.reader.js';

export interface BatchRequest {
  readonly data: unknown;
  readonly loss_fn_inputs?: unknown;
  readonly train_on?: TrainOn;
}

export type BatchForm = 'conversations' | 'datums';

const FORMS =
  'Pass conversations [{"messages": [{"role", "content"}, ...]}, ...], texts [{"prompt", "completion"}, ...] or datums ' +
  '[{"model_input", "loss_fn_inputs"}, ...].';

/** Which form `data` has, all of it. */
export function readForm(value: unknown): { readonly data: readonly unknown[]; readonly form: BatchForm } {
  const data = readArray(value, 'data', FORMS);
  if (data.length === 0) throw invalid('data', 'is empty.', FORMS);
  refuseLoneMessages(data[0]);
  const form = isConversation(data[0]) ? 'conversations' : 'datums';
  data.forEach((value, i) => {
    if (isConversation(value) === (form === 'conversations')) return;
    throw invalid(`data[${i}]`, `is ${describe(value)}, but data[0] has a different form.`, `Don't mix. ${FORMS}`);
  });
  return { data, form };
}

/** A request whose data are datums. */
export function readDatumForm(request: BatchRequest, context: DatumContext): DatumBatch {
  if (request.loss_fn_inputs !== undefined) {
    throw invalid('loss_fn_inputs', 'only applies to conversations.', 'Datums have their own: data[i].loss_fn_inputs.');
  }
  if (request.train_on !== undefined) {
    throw invalid('train_on', 'only applies to conversations.', 'For datums, send weights in data[i].loss_fn_inputs.');
  }
  return readDatums(readArray(request.data, 'data', FORMS), context);
}

/** A list of messages, or a row of a data set that holds one, or a text and its completion. */
function isConversation(value: unknown): boolean {
  return (
    Array.isArray(value) || isCompletion(value) || (typeof value === 'object' && value !== null && 'messages' in value)
  );
}

/** One conversation where a list of them is wanted. */
function refuseLoneMessages(first: unknown): void {
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return;
  if (!('role' in first) && !('content' in first)) return;
  throw invalid('data[0]', 'is a message, not a conversation.', `Wrap the list of messages in another list. ${FORMS}`);
}
