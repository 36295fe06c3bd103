import { Injectable } from '@nestjs/common';
import { ThreadPool } from '../../common/threads/thread-pool.js';
import { isGiven } from '../../common/json/json-fields.js';
import { type BaseModel } from '../../base-models/base-model.js';
import { type DatumBatch } from '../../domain/datum-batch.js';
import { type ForwardRequest } from '../../compute/compute-backend.js';
import { AdaptersService, type AdapterWish, toLoraSpec } from '../adapters/index.js';
import { encodeForward, encodeOptimStep } from '../../operations/training-operations.js';
import { type LossReference, type LossSpec } from '../../domain/loss.js';
import { type Accepted, AcceptedRequests, checkRequestSize, FuturesService } from '../futures/index.js';
import { leaveOutIgnored } from '../../losses/ignored-targets.js';
import { LossesService } from '../losses/index.js';
import { LossRegistry } from '../../losses/loss-registry.js';
import { type BatchContext } from './readers/batch-context.js';
import { type ReadBatch, readBatch } from './readers/batch.reader.js';
import { type ForwardBody, type ForwardFieldsDto } from './dto/forward.dto.js';
import { READ_LARGE_BATCH } from './readers/large-batch.reader.js';
import { type OptimStepDto, toAdamParams } from './dto/optim-step.dto.js';

/** A training request of another wire format: it brings the reader of its data with it. */
export interface DatumRequest {
  readonly kind: 'forward' | 'forward_backward';
  readonly modelId: string;
  readonly seqId?: number;
  readonly loss: string;
  readonly lossConfig: Readonly<Record<string, unknown>>;
  readonly read: (context: BatchContext) => DatumBatch | Promise<DatumBatch>;
}

const DEFAULT_LOSS = 'cross_entropy';

/** Checks training requests completely, so that what cannot work is refused at once, and puts them into the log. */
@Injectable()
export class TrainingService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly registry: LossRegistry,
    private readonly losses: LossesService,
    private readonly futures: FuturesService,
    private readonly accepted: AcceptedRequests,
    private readonly threads: ThreadPool,
  ) {}

  async forward(body: ForwardBody): Promise<Accepted> {
    const { modelId, baseModel } = toWish(body.fields);
    if (!this.adapters.isBaseModel(modelId)) return this.submitToAdapter('forward', body);
    const model = this.adapters.baseModel(baseModel ?? modelId, baseModel === undefined ? 'model_id' : 'base_model');
    const request = encodeForward(await this.readRequest(body, model));
    return this.futures.submit({ kind: 'forward', adapterId: null, modelId, baseModel: model.name, request });
  }

  forwardBackward(body: ForwardBody): Promise<Accepted> {
    return this.submitToAdapter('forward_backward', body);
  }

  /** For an adapter that exists; all log-probs come back. */
  async submitDatums({ kind, modelId, seqId, loss: name, lossConfig, read }: DatumRequest): Promise<Accepted> {
    const adapter = await this.adapters.get(modelId);
    const model = this.adapters.baseModel(adapter.baseModel);
    const reference = await this.lossOf(name, adapter.id, seqId);
    const loss = this.registry.functionOf(reference);
    const config = this.registry.resolveConfig(loss, lossConfig);
    const batch = await read({ model, loss: loss.metadata, knownInputs: this.registry.inputNames(loss) });
    this.registry.checkInputs(loss, batch);
    const request = encodeForward({
      batch: leaveOutIgnored(loss, batch),
      loss: { ...reference, config },
      logprobs: 'all',
    });
    return this.futures.submit({ kind, adapterId: adapter.id, modelId, baseModel: model.name, seqId, request });
  }

  async optimStep(body: OptimStepDto): Promise<Accepted> {
    const adapter = await this.adapters.get(body.model_id);
    return this.futures.submit({
      kind: 'optim_step',
      adapterId: adapter.id,
      modelId: adapter.modelId,
      baseModel: adapter.baseModel,
      seqId: body.seq_id,
      request: encodeOptimStep(toAdamParams(body.adam_params)),
    });
  }

  private async submitToAdapter(kind: 'forward' | 'forward_backward', body: ForwardBody): Promise<Accepted> {
    const wish = toWish(body.fields);
    const { adapter: existing, model } = await this.adapters.look(wish);
    // The data is read first: a request that cannot work makes no adapter.
    const request = encodeForward(await this.readRequest(body, model, existing?.id));
    checkRequestSize(request);
    const adapter = existing ?? (await this.adapters.createOrGet(wish));
    return this.futures.submit({
      kind,
      adapterId: adapter.id,
      modelId: adapter.modelId,
      baseModel: adapter.baseModel,
      seqId: body.fields.seq_id,
      request,
    });
  }

  private async readRequest(body: ForwardBody, model: BaseModel, adapterId?: string): Promise<ForwardRequest> {
    const { fields } = body;
    const reference = await this.lossOf(fields.loss_fn ?? DEFAULT_LOSS, adapterId, fields.seq_id);
    const loss = this.registry.functionOf(reference);
    const config = this.registry.resolveConfig(loss, fields.loss_fn_config ?? undefined);
    const context = { model, loss: loss.metadata, knownInputs: this.registry.inputNames(loss) };
    const { batch, form } = await this.readData(body, context);
    this.registry.checkInputs(loss, batch);
    const logprobs = fields.logprobs ?? (form === 'datums' ? 'all' : 'weighted');
    return { batch: leaveOutIgnored(loss, batch), loss: { ...reference, config }, logprobs };
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

  /**
   * What the client means by the name. A repeat of a request that was accepted means what that one meant, whatever has
   * been registered or deleted since: so it is read alike, and found to be the same or not by its bytes.
   */
  private async lossOf(name: string, adapterId?: string, seqId?: number): Promise<LossReference> {
    if (adapterId !== undefined && isGiven(seqId) && !this.registry.isBuiltIn(name)) {
      const first = await this.accepted.jsonOf(adapterId, seqId);
      const { config: _, ...reference } = (first?.['loss'] ?? {}) as Partial<LossSpec>;
      if (isMeantBy(name, reference)) return reference;
    }
    return this.losses.resolve(name);
  }
}

function isMeantBy(name: string, reference: Partial<LossReference>): reference is LossReference {
  return name === reference.name || name === `${reference.name}@${reference.version}`;
}

function toWish(fields: ForwardFieldsDto): AdapterWish & { modelId: string } {
  return { modelId: fields.model_id, baseModel: fields.base_model ?? undefined, lora: toLoraSpec(fields.lora_config) };
}
