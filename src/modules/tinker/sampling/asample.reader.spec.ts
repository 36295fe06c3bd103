import { describe, expect, it } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { seedOfName } from '../../../domain/seed.js';
import { toGenerateRequest } from '../../generation/generate-request.js';
import { type SamplingSource, SamplingSources } from '../../generation/index.js';
import { SamplersService } from '../../sessions/index.js';
import { AsampleReader } from './asample.reader.js';
import { type AsampleDto } from './dto/sampling.dto.js';

const none = undefined as never;
const model = makeBaseModel();

class OneModel extends SamplingSources {
  override base(): SamplingSource {
    return { model, modelId: model.name, adapterId: null, checkpointId: null };
  }
}

/** Every sampling session is pinned to the base model. */
class BaseSamplers extends SamplersService {
  override async get(id: string) {
    const rest = { seqId: 0, requestId: null, modelPath: null, checkpointId: null, completions: 0 };
    const createdAt = new Date(0);
    return { id, owner: '', sessionId: 'session_1', baseModel: model.name, createdAt, ...rest };
  }
}

const adapters = { checkBaseModel: () => undefined } as never;
const reader = new AsampleReader(
  new BaseSamplers(none, none, none, none),
  adapters,
  none,
  new OneModel(none, none, none),
);
const prompt = (tokens: readonly number[]) => ({ chunks: [{ type: 'encoded_text', tokens }] });
const order = (dto: Partial<AsampleDto>, digits = '') =>
  reader.read({ base_model: model.name, prompt: prompt([5, 6]), ...dto }, digits);
const read = async (dto: Partial<AsampleDto>, digits?: string) => toGenerateRequest(await order(dto, digits));

describe('asample', () => {
  it('samples as much as the context leaves, where nothing is said', async () => {
    const { sampling, count } = await read({});
    expect(count).toBe(1);
    expect(sampling).toMatchObject({ maxNewTokens: 30, temperature: 1, topP: 1, topK: 0, stopTokens: [0] });
  });

  it('draws one token more after a full prompt whose log-probs are asked for', async () => {
    const full = prompt(new Array<number>(32).fill(5));
    const scored = await read({ prompt: full, prompt_logprobs: true, sampling_params: { max_tokens: 1 } });
    expect(scored.sampling.maxNewTokens).toBe(1);
    await expect(read({ prompt: full })).rejects.toMatchObject({ details: { field: 'prompt' } });
  });

  it('goes on past the end token where the list of stops is empty', async () => {
    expect((await read({ sampling_params: { stop: [] } })).sampling.stopTokens).toEqual([]);
    expect((await read({ sampling_params: { stop: [7] } })).sampling.stopTokens).toEqual([0, 7]);
  });

  it('makes the same request of a repeat, by the digits of its number', async () => {
    const repeat = { base_model: undefined, sampling_session_id: 'sampler_1', seq_id: 2 ** 60 };
    const first = await order(repeat, '1152921504606846977');
    expect(first.idempotencyKey).toBe('sample:sampler_1:1152921504606846977');
    expect(first.source.sampler).toMatchObject({ id: 'sampler_1', sessionId: 'session_1' });
    const seed = seedOfName('sample:sampler_1:1152921504606846977');
    expect((await toGenerateRequest(first)).sampling.seed).toBe(seed);
  });

  it('gives the log-probs of what is drawn always, and others where they are asked for', async () => {
    expect((await order({})).wanted).toMatchObject({ logprobs: true, promptLogprobs: false, topSampledTokens: 0 });
    const { wanted } = await order({ prompt_logprobs: true, topk_sample_logprobs: 3, prompt_logprobs_last_n: 1 });
    expect(wanted).toMatchObject({ promptLogprobs: true, topSampledTokens: 3, promptLogprobsLast: 1 });
  });

  it.each([
    [{ prompt: prompt([]) }, 'prompt'],
    [{ prompt: prompt([5, 10_000]) }, 'prompt'],
    [{ prompt: {} }, 'prompt.chunks'],
    [{ sampling_params: { max_tokens: 31 } }, 'sampling_params.max_tokens'],
    [{ sampling_params: { stop: ['a', 3] } }, 'sampling_params.stop[1]'],
    [{ sampling_params: { stop: '' } }, 'sampling_params.stop'],
    [{ topk_sample_logprobs: 100, num_samples: 1_000_000 }, 'topk_sample_logprobs'],
    [{ base_model: undefined }, 'sampling_session_id'],
    [{ sampling_session_id: 'sampler_1', model_path: 'tinker://a/weights/x' }, 'model_path'],
  ])('names the field of the Tinker API that is at fault: %j', async (dto, field) => {
    await expect(read(dto as Partial<AsampleDto>)).rejects.toMatchObject({ details: { field } });
  });
});
