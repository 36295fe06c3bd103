import { Injectable } from '@nestjs/common';
import { ThreadPool } from '../../../common/threads/thread-pool.js';
import { readLoraSpec } from '../../adapters/index.js';
import { type ForwardBody } from '../dto/forward.dto.js';
import { type TrainingOrder } from '../training-orders.js';
import { type BatchContext } from './batch-context.js';
import { type ReadBatch, readBatch } from './batch.reader.js';
import { READ_LARGE_BATCH } from './large-batch.reader.js';

const DEFAULT_LOSS = 'cross_entropy';

/** What POST /fwdbwd and /fwd ask for. */
@Injectable()
export class TrainingOrderReader {
  constructor(private readonly threads: ThreadPool) {}

  read(kind: TrainingOrder['kind'], body: ForwardBody): TrainingOrder {
    const { fields } = body;
    return {
      kind,
      modelId: fields.model_id,
      makes: { baseModel: fields.base_model ?? undefined, lora: readLoraSpec(fields.lora_config) },
      seqId: fields.seq_id ?? undefined,
      loss: fields.loss_fn ?? DEFAULT_LOSS,
      lossConfig: fields.loss_fn_config ?? undefined,
      read: async (context) => {
        const { batch, form } = await this.readData(body, context);
        return { batch, logprobs: fields.logprobs ?? (form === 'datums' ? 'all' : 'weighted') };
      },
    };
  }

  /** Datums of a large body are read in a thread; what conversations it holds come back to the tokenizer. */
  private async readData(
    { fields, data, lossFnInputs, bytes }: ForwardBody,
    context: BatchContext,
  ): Promise<ReadBatch> {
    const trainOn = fields.train_on ?? undefined;
    const read = (given: unknown, inputs: unknown) =>
      readBatch({ data: given, loss_fn_inputs: inputs ?? undefined, train_on: trainOn }, context);
    if (!bytes) return read(data, lossFnInputs);
    const { model, ...rest } = context;
    const plain = { ...rest, model: { name: model.name, config: model.config } };
    const large = await this.threads.run(READ_LARGE_BATCH, { bytes, trainOn, context: plain }, [bytes.buffer]);
    return large.form === 'datums' ? large : read(large.data, large.lossFnInputs);
  }
}
