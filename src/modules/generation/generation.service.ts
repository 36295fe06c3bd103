import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { ConflictError } from '../../common/errors/request.errors.js';
import { isGiven } from '../../common/json/json-fields.js';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { AdaptersService } from '../adapters/index.js';
import { CheckpointsService, isCheckpointPath } from '../checkpoints/index.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { type GenerateDto } from './dto/generate.dto.js';
import { encodeGenerate, type GenerateOptions, presentGenerated } from '../../operations/generate-operation.js';
import { toGenerateRequest } from './sampling-request.js';

/** Whose weights a request samples from. */
export interface Source {
  readonly model: BaseModel;
  readonly modelId: string;
  readonly adapterId: string | null;
  readonly checkpointId: string | null;
  /** The sampling session that it came through. */
  readonly sampler?: { readonly id: string; readonly sessionId: string };
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
    const { source, request } = await this.read(dto);
    const options = { logprobs: dto.logprobs ?? false, stream: dto.stream ?? false };
    return this.submitTo(source, request, options);
  }

  /** What is wrong with the request is thrown. */
  async read(dto: GenerateDto): Promise<{ readonly source: Source; readonly request: GenerateRequest }> {
    const source = await this.findSource(dto);
    return { source, request: await toGenerateRequest(dto, source.model) };
  }

  /** A request that has been checked. `repeat`: what a repeat of it has in common with it. */
  submitTo(
    { model, modelId, adapterId, checkpointId, sampler }: Source,
    request: GenerateRequest,
    options: Omit<GenerateOptions, 'checkpointId'>,
    repeat: { readonly idempotencyKey?: string; readonly seqId?: number } = {},
  ): Promise<Accepted> {
    const data = encodeGenerate({ request, options: { ...options, checkpointId } });
    const target = { adapterId, modelId, baseModel: model.name, sampler };
    return this.futures.submit({ kind: 'generate', ...target, ...repeat, request: data });
  }

  /**
   * The result when it is there. When the signal aborts before, nobody waits for it any more: the request is cancelled,
   * and the answer is null. @throws the AppError that it failed with
   */
  async result({ requestId, modelId }: Accepted, signal: AbortSignal): Promise<Record<string, unknown> | null> {
    const result = await this.futures.result(requestId, signal);
    if (result === null) await this.futures.cancel(requestId);
    return result && { request_id: requestId, model_id: modelId, ...presentGenerated(result) };
  }

  /** Whose weights the request means. @throws AppErrors for names that are not there, or not of the base model named */
  async findSource(dto: GenerateDto): Promise<Source> {
    const wished = isGiven(dto.base_model) ? this.adapters.baseModel(dto.base_model) : null;
    const source = await this.sourceOf(dto.model_id ?? undefined, wished);
    if (wished === null || wished.name === source.model.name) return source;
    const remedy = 'Leave base_model out, or use another model_id.';
    throw new ConflictError(`'${source.modelId}' has base model ${source.model.name}, not ${wished.name}. ${remedy}`, {
      field: 'base_model',
      remedy,
    });
  }

  private async sourceOf(modelId: string | undefined, wished: BaseModel | null): Promise<Source> {
    if (modelId === undefined || modelId === 'base') {
      const model = wished ?? this.adapters.baseModel();
      return { model, modelId: modelId ?? model.name, adapterId: null, checkpointId: null };
    }
    if (this.adapters.isBaseModel(modelId)) {
      return { model: this.adapters.baseModel(modelId), modelId, adapterId: null, checkpointId: null };
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
