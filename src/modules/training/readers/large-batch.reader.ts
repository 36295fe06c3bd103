import { parseJsonBody, parseObject } from '../../../common/http/bodies/json-body.js';
import { LOOP_LIMITS, scanJson, THREAD_LIMITS, withoutFields } from '../../../common/json/json-scan.js';
import { isGiven } from '../../../common/json/json-fields.js';
import { buffersOf, type TaskOutput, type ThreadTask } from '../../../common/threads/thread-task.js';
import { batchArrays, type DatumBatch } from '../../../domain/datum-batch.js';
import { type DatumContext, type TrainOn } from './batch-context.js';
import { readDatumForm, readForm } from './batch-form.js';

/*
 * Large training requests, in a thread and in two steps: first what names model and loss, then, once it is known what
 * those are, the data. The bytes go to the thread and come back uncopied.
 */

export interface LargeHead {
  /** The body without its data. */
  readonly head: object;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface LargeBatchInput {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly trainOn?: TrainOn;
  readonly context: DatumContext;
}

/** Datums as a batch; conversations as they are, to be tokenized elsewhere. */
export type LargeBatch =
  | { readonly form: 'datums'; readonly batch: DatumBatch }
  | { readonly form: 'conversations'; readonly data: unknown; readonly lossFnInputs: unknown };

export const READ_LARGE_HEAD: ThreadTask<Uint8Array<ArrayBuffer>, LargeHead> = {
  url: import.meta.url,
  run: readLargeHeadTask,
};

export function readLargeHeadTask(bytes: Uint8Array<ArrayBuffer>): TaskOutput<LargeHead> {
  const head = withoutFields(bytes, ['data', 'loss_fn_inputs'], THREAD_LIMITS) ?? bytes;
  return { value: { head: parseJsonBody(head), bytes }, transfer: [bytes.buffer] };
}

export const READ_LARGE_BATCH: ThreadTask<LargeBatchInput, LargeBatch> = {
  url: import.meta.url,
  run: readLargeBatchTask,
};

/** @throws InvalidRequestError, MalformedBodyError, BodyTooComplexError */
export function readLargeBatchTask({ bytes, trainOn, context }: LargeBatchInput): TaskOutput<LargeBatch> {
  const body = parseObject(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  const { data, loss_fn_inputs: lossFnInputs } = body as Readonly<Record<string, unknown>>;
  const { form } = readForm(data);
  if (form === 'conversations') {
    scanJson(bytes, LOOP_LIMITS);
    return { value: { form, data, lossFnInputs } };
  }
  const given = isGiven(lossFnInputs) ? { loss_fn_inputs: lossFnInputs } : {};
  const batch = readDatumForm({ data, ...given, ...(trainOn ? { train_on: trainOn } : {}) }, context);
  return { value: { form, batch }, transfer: buffersOf(batchArrays(batch)) };
}
