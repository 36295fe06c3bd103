import { Injectable } from '@nestjs/common';
import { LargeBody } from '../../../common/http/bodies/large-body.js';
import { ThreadPool } from '../../../common/threads/thread-pool.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { type TrainingOrder } from '../../training/index.js';
import { toDatumBatch } from '../codec/datum-batch.js';
import { readJsonRequest } from '../codec/json-request.js';
import { type InputField, READ_LARGE_REQUEST_BATCH, READ_LARGE_REQUEST_HEAD } from '../codec/large-request.js';
import { readProtoRequest, type WireForwardRequest } from '../codec/proto-request.js';

type BatchReader = (context: Parameters<TrainingOrder['read']>[0]) => DatumBatch | Promise<DatumBatch>;

/** What forward_backward and forward ask for, in JSON or protobuf; the adapter must exist, and all log-probs come back. */
@Injectable()
export class TinkerTrainingReader {
  constructor(private readonly threads: ThreadPool) {}

  /** @param input where a JSON request has its data; in a protobuf request a flag asks for a forward alone */
  async read(body: unknown, input: InputField): Promise<TrainingOrder> {
    if (body instanceof LargeBody) return this.readLarge(body, input);
    const request = Buffer.isBuffer(body) ? readProtoRequest(body) : readJsonRequest(body, input);
    return toOrder(request, input, (context) => toDatumBatch(request.data, context));
  }

  private async readLarge({ type, bytes: given }: LargeBody, input: InputField): Promise<TrainingOrder> {
    const large = { type, bytes: given, input };
    const { request, bytes } = await this.threads.run(READ_LARGE_REQUEST_HEAD, large, [given.buffer]);
    return toOrder(request, input, ({ model: { name, config }, ...context }) => {
      const task = { ...large, bytes, context: { ...context, model: { name, config } } };
      return this.threads.run(READ_LARGE_REQUEST_BATCH, task, [bytes.buffer]);
    });
  }
}

function toOrder(request: WireForwardRequest, input: InputField, read: BatchReader): TrainingOrder {
  const { modelId, seqId, loss, lossConfig, forwardOnly } = request;
  return {
    kind: forwardOnly || input === 'forward_input' ? 'forward' : 'forward_backward',
    modelId,
    seqId,
    loss,
    lossConfig,
    read: async (context) => ({ batch: await read(context), logprobs: 'all' }),
  };
}
