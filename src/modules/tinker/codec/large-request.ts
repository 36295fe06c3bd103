import { type LargeBody } from '../../../common/http/bodies/large-body.js';
import { parseJsonBody, parseObject } from '../../../common/http/bodies/json-body.js';
import { fieldValue, THREAD_LIMITS, withoutFields } from '../../../common/json/json-scan.js';
import { buffersOf, type TaskOutput, type ThreadTask } from '../../../common/threads/thread-task.js';
import { batchArrays, type DatumBatch } from '../../../domain/datum-batch.js';
import { type DatumContext } from '../../training/index.js';
import { toDatumBatch } from './datum-batch.js';
import { readJsonRequest } from './json-request.js';
import { readProtoRequest, type WireForwardRequest } from './proto-request.js';

/*
 * Large training requests, in a thread and in two steps: first what names model and loss, then, once it is known what
 * those are, the data. The bytes go to the thread and come back uncopied.
 */

/** Where a JSON request has its data. */
export type InputField = 'forward_backward_input' | 'forward_input';

export interface LargeRequest {
  readonly type: LargeBody['type'];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly input: InputField;
}

export interface LargeRequestHead {
  /** Its `data` are empty. */
  readonly request: WireForwardRequest;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const READ_LARGE_REQUEST_HEAD: ThreadTask<LargeRequest, LargeRequestHead> = {
  url: import.meta.url,
  run: readLargeRequestHeadTask,
};

export function readLargeRequestHeadTask({ type, bytes, input }: LargeRequest): TaskOutput<LargeRequestHead> {
  const request = type === 'json' ? readJsonHead(bytes, input) : { ...readProtoRequest(bytes), data: [] };
  return { value: { request, bytes }, transfer: [bytes.buffer] };
}

export const READ_LARGE_REQUEST_BATCH: ThreadTask<LargeRequest & { readonly context: DatumContext }, DatumBatch> = {
  url: import.meta.url,
  run: readLargeRequestBatchTask,
};

/** @throws InvalidRequestError, MalformedBodyError */
export function readLargeRequestBatchTask({
  type,
  bytes,
  input,
  context,
}: LargeRequest & { readonly context: DatumContext }): TaskOutput<DatumBatch> {
  const text = () => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const { data } = type === 'json' ? readJsonRequest(parseObject(text()), input) : readProtoRequest(bytes);
  const value = toDatumBatch(data, context);
  return { value, transfer: buffersOf(batchArrays(value)) };
}

function readJsonHead(bytes: Uint8Array, input: InputField): WireForwardRequest {
  const outer = withoutFields(bytes, [input], THREAD_LIMITS);
  const given = fieldValue(bytes, input, THREAD_LIMITS);
  const inner = given && withoutFields(given, ['data'], THREAD_LIMITS);
  // Whatever else it is, the reader refuses it.
  if (!outer || !inner) return readJsonRequest(parseJsonBody(bytes), input);
  const head = { ...parseJsonBody(outer), [input]: { ...parseJsonBody(inner), data: [] } };
  return readJsonRequest(head, input);
}
