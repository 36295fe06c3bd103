import { Injectable } from '@nestjs/common';
import { isGiven } from '../../common/json/json-fields.js';
import { type BaseModel } from '../../base-models/base-model.js';
import { type ForwardRequest } from '../../compute/compute-backend.js';
import { type AdapterEntity, AdaptersService, type NewAdapter } from '../adapters/index.js';
import { optimStepOperation } from '../../operations/kinds/optim-step.operation.js';
import { forwardPayload } from '../../operations/payloads/forward-payload.js';
import { type LossReference, type LossSpec } from '../../domain/loss.js';
import { type Accepted, AcceptedRequests, checkRequestSize, FuturesService } from '../futures/index.js';
import { leaveOutIgnored } from '../../losses/ignored-targets.js';
import { LossesService } from '../losses/index.js';
import { LossRegistry } from '../../losses/loss-registry.js';
import { type OptimStepOrder, type TrainingOrder } from './training-orders.js';

/** Checks training requests completely, so that what cannot work is refused at once, and puts them into the log. */
@Injectable()
export class TrainingService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly registry: LossRegistry,
    private readonly losses: LossesService,
    private readonly futures: FuturesService,
    private readonly accepted: AcceptedRequests,
  ) {}

  /** The adapter is made where the order says so, but only for data that can be trained on. */
  async submit(order: TrainingOrder): Promise<Accepted> {
    const { kind, modelId, makes, seqId } = order;
    if (kind === 'forward' && makes && this.adapters.isBaseModel(modelId)) return this.submitToBase(order, makes);
    const { adapter: existing, model } = await this.adapterOf(order);
    const request = forwardPayload.encode(await this.readRequest(order, model, existing?.id));
    if (!existing) checkRequestSize(request);
    const adapter = existing ?? (await this.adapters.createOrGet({ lora: {}, ...makes, modelId }));
    return this.futures.submit({ kind, adapterId: adapter.id, modelId, baseModel: adapter.baseModel, seqId, request });
  }

  async optimStep({ modelId, seqId, params }: OptimStepOrder): Promise<Accepted> {
    const { id: adapterId, baseModel } = await this.adapters.get(modelId);
    const request = optimStepOperation.encode(params);
    return this.futures.submit({ kind: 'optim_step', adapterId, modelId, baseModel, seqId, request });
  }

  private async submitToBase(order: TrainingOrder, { baseModel }: Pick<NewAdapter, 'baseModel'>): Promise<Accepted> {
    const { modelId } = order;
    const model = this.adapters.baseModel(baseModel ?? modelId, baseModel === undefined ? 'model_id' : 'base_model');
    const request = forwardPayload.encode(await this.readRequest(order, model));
    return this.futures.submit({ kind: 'forward', adapterId: null, modelId, baseModel: model.name, request });
  }

  /** The adapter, null where it is to be made; and the base model that it has or will have. */
  private async adapterOf({
    modelId,
    makes,
  }: TrainingOrder): Promise<{ readonly adapter: AdapterEntity | null; readonly model: BaseModel }> {
    if (makes) return this.adapters.resolve({ ...makes, modelId });
    const adapter = await this.adapters.get(modelId);
    return { adapter, model: this.adapters.baseModel(adapter.baseModel) };
  }

  private async readRequest(order: TrainingOrder, model: BaseModel, adapterId?: string): Promise<ForwardRequest> {
    const reference = await this.lossOf(order.loss, adapterId, order.seqId);
    const loss = this.registry.functionOf(reference);
    const config = this.registry.resolveConfig(loss, order.lossConfig);
    const context = { model, loss: loss.metadata, knownInputs: this.registry.inputNames(loss) };
    const { batch, logprobs } = await order.read(context);
    this.registry.checkInputs(loss, batch);
    return { batch: leaveOutIgnored(loss, batch), loss: { ...reference, config }, logprobs };
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
