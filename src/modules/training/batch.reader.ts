import { describe, invalid, readArray } from '../../common/json/json-fields.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { type BatchContext, type TrainOn } from './batch-context.js';
import { readConversations } from './conversation.reader.js';
import { readDatums } from './datum.reader.js';

export interface BatchRequest {
  readonly data: unknown;
  readonly loss_fn_inputs?: unknown;
  readonly train_on?: TrainOn;
}

export interface ReadBatch {
  readonly batch: DatumBatch;
  readonly form: 'conversations' | 'datums';
}

const FORMS =
  'Give conversations [[{"role", "content"}, ...], ...] or datums [{"model_input", "loss_fn_inputs"}, ...].';

/** `data` of a forward or forward_backward request in either of its two forms, with the loss inputs, checked. */
export async function readBatch(request: BatchRequest, context: BatchContext): Promise<ReadBatch> {
  const data = readArray(request.data, 'data', FORMS);
  if (data.length === 0) throw invalid('data', 'is empty.', FORMS);
  refuseOtherForms(data[0]);
  const form = Array.isArray(data[0]) ? 'conversations' : 'datums';
  data.forEach((value, i) => {
    if (Array.isArray(value) === (form === 'conversations')) return;
    throw invalid(`data[${i}]`, `is ${describe(value)}, but data[0] is not of that form.`, `Don't mix. ${FORMS}`);
  });
  if (form === 'conversations') {
    return { form, batch: await readConversations(data, request.loss_fn_inputs, request.train_on ?? 'all', context) };
  }
  if (request.loss_fn_inputs !== undefined) {
    throw invalid('loss_fn_inputs', 'is for conversations.', 'Datums carry their own: data[i].loss_fn_inputs.');
  }
  if (request.train_on !== undefined) {
    throw invalid('train_on', 'is for conversations.', 'For datums, give weights in data[i].loss_fn_inputs.');
  }
  return { form, batch: readDatums(data, context) };
}

/** What clients of other services send, and one conversation where a list of them is wanted. */
function refuseOtherForms(first: unknown): void {
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return;
  const isMessage = 'role' in first || 'content' in first;
  if (!isMessage && !('messages' in first) && !('prompt' in first)) return;
  const problem = isMessage ? 'is a message, not a conversation.' : 'is neither a conversation nor a datum.';
  const remedy = isMessage ? 'Put the list of messages into another list.' : 'A conversation is its list of messages.';
  throw invalid('data[0]', problem, `${remedy} ${FORMS}`);
}
