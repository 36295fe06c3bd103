import { type DatumBatch } from '../../../domain/datum-batch.js';
import { type BatchContext } from './batch-context.js';
import { type BatchForm, type BatchRequest, readDatumForm, readForm } from './batch-form.js';
import { readConversations } from './conversation.reader.js';

export interface ReadBatch {
  readonly batch: DatumBatch;
  readonly form: BatchForm;
}

/** `data` of a forward or forward_backward request in either of its two forms, with the loss inputs, checked. */
export async function readBatch(request: BatchRequest, context: BatchContext): Promise<ReadBatch> {
  const { data, form } = readForm(request.data);
  if (form === 'datums') return { form, batch: readDatumForm(request, context) };
  return { form, batch: await readConversations(data, request.loss_fn_inputs, request.train_on ?? 'all', context) };
}
