import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { describe, invalid, isGiven } from '../../../common/json/json-fields.js';
import { type PromptTargets } from '../../../domain/prompt-targets.js';
import { toSeed } from '../../../domain/seed.js';
import { AdaptersService } from '../../adapters/index.js';
import { CheckpointLibrary, parseCheckpointPath } from '../../checkpoints/index.js';
import { readStop, type SamplingOrder, type SamplingSource, SamplingSources } from '../../generation/index.js';
import { SamplersService } from '../../sessions/index.js';
import { putTokens } from '../codec/datum-batch.js';
import { readModelInput } from '../codec/json-request.js';
import { readPromptTargets } from '../codec/prompt-targets.js';
import { type AsampleDto } from './dto/sampling.dto.js';

const FIELDS = {
  prompt: 'prompt',
  maxNewTokens: 'sampling_params.max_tokens',
  topSampledTokens: 'topk_sample_logprobs',
};

/** What asample asks for. */
@Injectable()
export class AsampleReader {
  constructor(
    private readonly samplers: SamplersService,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointLibrary,
    private readonly sources: SamplingSources,
  ) {}

  /**
   * A repeat of (sampling session, seq_id) gives the first one's future.
   * @param digits the seq_id as it was sent: a number may have lost some
   */
  async read(dto: AsampleDto, digits: string): Promise<SamplingOrder> {
    const source = await this.sourceOf(dto);
    const { sampling_session_id: session, seq_id: seq } = dto;
    const params = dto.sampling_params ?? {};
    const prompt = readPrompt(dto, source.model);
    return {
      source,
      prompt,
      count: dto.num_samples ?? 1,
      maxNewTokens: params.max_tokens ?? null,
      settings: {
        temperature: params.temperature ?? undefined,
        topP: params.top_p ?? undefined,
        topK: params.top_k ?? undefined,
      },
      stop: {
        ...readStop(params.stop, 'sampling_params.stop', source.model),
        // An empty list says to go on to the end, whatever comes.
        endTokens: !(Array.isArray(params.stop) && params.stop.length === 0),
      },
      seed: isGiven(params.seed) ? toSeed(params.seed) : null,
      wanted: {
        logprobs: true,
        promptLogprobs: dto.prompt_logprobs ?? false,
        promptLogprobsLast: dto.prompt_logprobs_last_n ?? undefined,
        topPromptTokens: dto.topk_prompt_logprobs ?? 0,
        topSampledTokens: dto.topk_sample_logprobs ?? 0,
        promptAlternatives: dto.prompt_alt_tokens_k ?? 0,
      },
      promptTargets: readTargets(dto, prompt, source.model),
      stream: false,
      idempotencyKey: isGiven(session) && isGiven(seq) ? `sample:${session}:${digits}` : undefined,
      seqId: seq ?? undefined,
      fields: FIELDS,
    };
  }

  private async sourceOf(dto: AsampleDto): Promise<SamplingSource> {
    const { sampling_session_id: id, model_path: path, base_model: baseModel } = dto;
    if (isGiven(id)) {
      const sampler = await this.samplers.get(id);
      this.adapters.checkBaseModel(baseModel, sampler.baseModel);
      if (isGiven(path) && path !== sampler.modelPath) {
        throw invalid('model_path', `is ${describe(path)}.`, 'The sampling session determines the weights; omit it.');
      }
      if (sampler.checkpointId !== null) await this.checkpoints.keepInUse(sampler.checkpointId);
      const base = this.sources.base(sampler.baseModel);
      return { ...base, modelId: sampler.id, checkpointId: sampler.checkpointId, sampler };
    }
    if (isGiven(path)) {
      const location = parseCheckpointPath(path, 'model_path');
      const checkpoint = await this.checkpoints.readable(location, 'model_path');
      this.adapters.checkBaseModel(baseModel, checkpoint.baseModel);
      return { ...this.sources.base(checkpoint.baseModel), modelId: path, checkpointId: checkpoint.id };
    }
    if (isGiven(baseModel)) return this.sources.base(baseModel);
    const remedy = 'Pass sampling_session_id, model_path or base_model.';
    throw new InvalidRequestError(`No model to sample from is specified. ${remedy}`, {
      field: 'sampling_session_id',
      remedy,
    });
  }
}

function readPrompt({ prompt }: AsampleDto, { config }: BaseModel): Int32Array {
  const list = readModelInput(prompt, 'prompt');
  const tokens = new Int32Array(list.length);
  putTokens(list, 'prompt', config.vocabSize, tokens, 0);
  return tokens;
}

function readTargets(
  { target_prompt_logprobs: targets }: AsampleDto,
  prompt: Int32Array,
  { config }: BaseModel,
): PromptTargets | undefined {
  return isGiven(targets) ? readPromptTargets(targets, prompt.length, config.vocabSize) : undefined;
}
