import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { deserializeError } from '../../common/errors/app-error.js';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointsService, isCheckpointPath } from '../checkpoints/index.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { type GenerateDto } from './dto/generate.dto.js';
import { encodeGenerate, type GenerateOptions, presentGenerated } from './generate-operation.js';
import { toGenerateRequest } from './sampling-request.js';

/** How long one look at a future waits; it is repeated until the answer is there. */
const WAIT_MS = 20_000;

/** Whose weights a request samples from. */
export interface Source {
  readonly model: BaseModel;
  readonly modelId: string;
  readonly adapterId: string | null;
  readonly checkpointId: string | null;
}

/** Checks sampling requests, puts them into the log, and waits for their answers. */
@Injectable()
export class GenerationService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
    private readonly futures: FuturesService,
  ) {}

  async submit(dto: GenerateDto): Promise<Accepted> {
    const source = await this.findSource(dto);
    const options = { logprobs: dto.logprobs ?? false, stream: dto.stream ?? false };
    return this.submitTo(source, toGenerateRequest(dto, source.model), options);
  }

  /** A request that has been checked. `idempotencyKey` tells a repeat. */
  submitTo(
    { model, modelId, adapterId, checkpointId }: Source,
    request: GenerateRequest,
    options: Omit<GenerateOptions, 'checkpointId'>,
    idempotencyKey?: string,
  ): Promise<Accepted> {
    const data = encodeGenerate({ request, options: { ...options, checkpointId } });
    const baseModel = model.name;
    return this.futures.submit({ kind: 'generate', adapterId, modelId, baseModel, idempotencyKey, request: data });
  }

  /** The result when it is there; null when the signal aborts before. @throws the AppError that it failed with */
  async result({ requestId, modelId }: Accepted, signal: AbortSignal): Promise<Record<string, unknown> | null> {
    while (!signal.aborted) {
      const state = await this.futures.wait(requestId, WAIT_MS, signal);
      if (state.error) throw deserializeError(state.error);
      if (state.result) return { request_id: requestId, model_id: modelId, ...presentGenerated(state.result) };
    }
    return null;
  }

  /** Whose weights the request means. @throws AppErrors for names that are not there */
  async findSource(dto: GenerateDto): Promise<Source> {
    const { modelId, baseModel } = { modelId: dto.model_id ?? undefined, baseModel: dto.base_model ?? undefined };
    if (modelId === undefined || this.adapters.isBaseModel(modelId)) {
      const model = this.adapters.baseModel(baseModel ?? modelId);
      return { model, modelId: modelId ?? model.name, adapterId: null, checkpointId: null };
    }
    if (isCheckpointPath(modelId)) {
      const checkpoint = await this.checkpoints.findSampler(modelId);
      const model = this.adapters.baseModel(checkpoint.baseModel);
      return { model, modelId, adapterId: null, checkpointId: checkpoint.id };
    }
    const adapter = await this.adapters.get(modelId);
    return { model: this.adapters.baseModel(adapter.baseModel), modelId, adapterId: adapter.id, checkpointId: null };
  }
}
