import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { describe, invalid, isGiven } from '../../../common/json/json-fields.js';
import { type GenerateRequest } from '../../../compute/compute-backend.js';
import { AdaptersService } from '../../adapters/index.js';
import { CheckpointLibrary, parseCheckpointPath } from '../../checkpoints/index.js';
import { type Accepted } from '../../futures/index.js';
import { GenerationService, readStop, type Source } from '../../generation/index.js';
import { SamplersService } from '../../sessions/index.js';
import { putTokens } from '../codec/datum-batch.js';
import { readModelInput } from '../codec/json-request.js';
import { readPromptTargets } from '../codec/prompt-targets.js';
import { type AsampleDto } from './dto/sampling.dto.js';
import { seedOfName, toSeed } from '../../../domain/seed.js';

/** 64 MiB with the ids. */
const MAX_TOP_CELLS = 2 ** 23;

/** Sampling requests of the Tinker API, put into the log like those of the root route. */
@Injectable()
export class TinkerSampling {
  constructor(
    private readonly samplers: SamplersService,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
    private readonly generation: GenerationService,
  ) {}

  /**
   * A repeat of (sampling session, seq_id) gives the first one's future.
   * @param digits the seq_id as it was sent: a number may have lost some
   */
  async submit(dto: AsampleDto, digits: string): Promise<Accepted> {
    const source = await this.findSource(dto);
    const { sampling_session_id: session, seq_id: seq } = dto;
    const key = isGiven(session) && isGiven(seq) ? `sample:${session}:${digits}` : undefined;
    const request = toRequest(dto, source.model, key);
    const options = {
      ...{ logprobs: true, stream: false, promptLogprobs: dto.prompt_logprobs ?? false },
      promptLogprobsLast: dto.prompt_logprobs_last_n ?? undefined,
      topPromptTokens: dto.topk_prompt_logprobs ?? 0,
      topSampledTokens: readTopSampled(dto, request),
      promptAlternatives: dto.prompt_alt_tokens_k ?? 0,
    };
    return this.generation.submitTo(source, request, options, { idempotencyKey: key, seqId: seq ?? undefined });
  }

  private async findSource(dto: AsampleDto): Promise<Source> {
    const { sampling_session_id: id, model_path: path, base_model: baseModel } = dto;
    if (isGiven(id)) {
      const sampler = await this.samplers.get(id);
      this.adapters.checkBaseModel(baseModel, sampler.baseModel);
      if (isGiven(path) && path !== sampler.modelPath) {
        throw invalid(
          'model_path',
          `is ${describe(path)}.`,
          'The sampling session has weights of its own: leave it out.',
        );
      }
      if (sampler.checkpointId !== null) await this.checkpoints.keepInUse(sampler.checkpointId);
      const model = this.adapters.baseModel(sampler.baseModel);
      return { model, modelId: sampler.id, adapterId: null, checkpointId: sampler.checkpointId, sampler };
    }
    if (isGiven(path)) {
      const location = parseCheckpointPath(path, 'model_path');
      const checkpoint = await this.checkpoints.readable(location, 'model_path');
      this.adapters.checkBaseModel(baseModel, checkpoint.baseModel);
      const model = this.adapters.baseModel(checkpoint.baseModel);
      return { model, modelId: path, adapterId: null, checkpointId: checkpoint.id };
    }
    if (!isGiven(baseModel)) {
      const remedy = 'Give sampling_session_id, model_path or base_model.';
      throw new InvalidRequestError(`There is nothing to sample from. ${remedy}`, {
        field: 'sampling_session_id',
        remedy,
      });
    }
    const model = this.adapters.baseModel(baseModel);
    return { model, modelId: model.name, adapterId: null, checkpointId: null };
  }
}

/** @param name what a seed follows from where the client gives none, so that a repeat is the same request */
function toRequest(dto: AsampleDto, model: BaseModel, name: string | undefined): GenerateRequest {
  const list = readModelInput(dto.prompt, 'prompt');
  const prompt = new Int32Array(list.length);
  putTokens(list, 'prompt', model.config.vocabSize, prompt, 0);
  if (prompt.length === 0) throw invalid('prompt', 'holds no tokens.', 'Give at least one token to continue from.');
  const params = dto.sampling_params ?? {};
  const room = model.config.contextLength - prompt.length;
  // compute_logprobs always asks for one token more, also after a full prompt: it is drawn, and never read.
  const most = room === 0 && dto.prompt_logprobs === true ? 1 : room;
  if (most < 1) {
    const { contextLength } = model.config;
    const problem = `is ${prompt.length} tokens long, but '${model.name}' has a context of ${contextLength} tokens.`;
    throw invalid('prompt', problem, `Shorten it to at most ${contextLength - 1} tokens.`);
  }
  const maxNewTokens = params.max_tokens ?? most;
  if (maxNewTokens > most || maxNewTokens < 1) {
    const problem = `and a prompt of ${prompt.length} tokens exceed the context of ${model.config.contextLength} tokens.`;
    const remedy = `Use at most ${most}, or a shorter prompt.`;
    throw invalid('sampling_params.max_tokens', `${Math.max(maxNewTokens, 1)} ${problem}`, remedy);
  }
  const stop = readStop(params.stop, model);
  // An empty list says to go on to the end, whatever comes.
  const endTokens = Array.isArray(params.stop) && params.stop.length === 0 ? [] : model.tokenizer.endTokens;
  const sampling = {
    ...{ maxNewTokens, minP: 0, repetitionPenalty: 1 },
    temperature: params.temperature ?? 1,
    topP: params.top_p ?? 1,
    topK: Math.max(params.top_k ?? 0, 0),
    stopTokens: [...new Set([...endTokens, ...stop.tokens])],
    stopStrings: stop.strings,
    seed: isGiven(params.seed) ? toSeed(params.seed) : seedOfName(name ?? String(Math.random())),
  };
  const request = { prompt, count: dto.num_samples ?? 1, sampling };
  const targets = dto.target_prompt_logprobs ?? undefined;
  if (targets === undefined) return request;
  return { ...request, promptTargets: readPromptTargets(targets, prompt.length, model.config.vocabSize) };
}

/** The likeliest tokens of all continuations are in memory at once. */
function readTopSampled(dto: AsampleDto, { count, sampling }: GenerateRequest): number {
  const k = dto.topk_sample_logprobs ?? 0;
  const tokens = count * sampling.maxNewTokens;
  if (k * tokens <= MAX_TOP_CELLS) return k;
  const remedy = `Use at most ${Math.floor(MAX_TOP_CELLS / tokens)}, or fewer samples, or a smaller max_tokens.`;
  throw invalid('topk_sample_logprobs', `is ${k} for up to ${tokens} tokens.`, remedy);
}
