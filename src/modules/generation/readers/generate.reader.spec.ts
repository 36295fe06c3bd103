import { describe, expect, it } from 'vitest';
import { CharacterTokenizer, makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { type BaseModel } from '../../../base-models/base-model.js';
import { type GenerateDto } from '../dto/generate.dto.js';
import { toGenerateRequest } from '../generate-request.js';
import { type SamplingSource } from '../sampling-order.js';
import { SamplingSources } from '../sampling-sources.js';
import { GenerateReader } from './generate.reader.js';

/** One base model, and an adapter on it. */
class OneModel extends SamplingSources {
  constructor(private readonly model: BaseModel) {
    super(undefined as never, undefined as never, undefined as never);
  }

  override base(): SamplingSource {
    return { model: this.model, modelId: this.model.name, adapterId: null, checkpointId: null };
  }

  override async named(name: string): Promise<SamplingSource> {
    return { ...this.base(), modelId: name, adapterId: 'adapter_1' };
  }
}

const order = (dto: GenerateDto, model = makeBaseModel()) => new GenerateReader(new OneModel(model)).read(dto);
const read = async (dto: GenerateDto, model = makeBaseModel()) => toGenerateRequest(await order(dto, model));
const refusal = (field: string, message: RegExp) => ({
  message: expect.stringMatching(message) as string,
  details: expect.objectContaining({ field }) as object,
});

class MarkedTokenizer extends CharacterTokenizer {
  override readonly specialTokens = new Map([['<|end|>', 7]]);
}

describe('a request to POST /generate', () => {
  it.each([
    ['prompt', { prompt: 'x'.repeat(32) }],
    ['messages', { messages: [{ role: 'user', content: 'x'.repeat(32) }] }],
    ['tokens', { tokens: new Array<number>(40).fill(5) }],
  ])('blames %s for being longer than the context, not max_new_tokens', async (field, dto) => {
    await expect(read({ ...dto, max_new_tokens: 1 })).rejects.toMatchObject(
      refusal(field, /context length of 32 tokens/),
    );
  });

  it('blames max_new_tokens for what does not fit behind the prompt', async () => {
    const refused = refusal('max_new_tokens', /Use at most 22/);
    await expect(read({ prompt: 'x'.repeat(10), max_new_tokens: 23 })).rejects.toMatchObject(refused);
  });

  it('refuses a token that the tokenizer has and the model does not, by its id and text', async () => {
    const model = makeBaseModel({ config: { ...makeBaseModel().config, vocabSize: 100 } });
    const refused = refusal('prompt', /(holds|contains) token 122 \("z"\).* embeddings for 100 tokens/);
    await expect(read({ prompt: 'az', max_new_tokens: 1 }, model)).rejects.toMatchObject(refused);
  });

  it('takes the text of a special token for its id, since it is not part of an answer', async () => {
    const model = makeBaseModel({ tokenizer: new MarkedTokenizer() });
    const { sampling } = await read({ prompt: 'a', max_new_tokens: 1, stop: ['<|end|>', 'b'] }, model);
    expect(sampling).toMatchObject({ stopTokens: [0, 7], stopStrings: ['b'] });
  });

  it('has defaults for what is left out, null included, and draws a seed', async () => {
    const sent = JSON.parse('{"temperature": null, "top_k": null, "seed": null, "n": null, "stop": null}') as object;
    const { count, sampling } = await read({ ...sent, prompt: 'a', max_tokens: 3 });
    expect(count).toBe(1);
    expect(sampling).toMatchObject({
      maxNewTokens: 3,
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
      stopTokens: [0],
      stopStrings: [],
    });
    expect(Number.isInteger(sampling.seed)).toBe(true);
  });

  it('samples from what model_id names, and refuses another base model beside it', async () => {
    expect((await order({ prompt: 'a', model_id: 'mine' })).source).toMatchObject({ adapterId: 'adapter_1' });
    expect((await order({ prompt: 'a' })).source).toMatchObject({ adapterId: null });
    const base = (await order({ prompt: 'a', model_id: 'base', base_model: 'x' })).source;
    expect(base).toMatchObject({ adapterId: null, modelId: 'base' });
  });

  it.each([
    [{ prompt: 'a', async: true, stream: true }, 'stream'],
    [{ prompt: 'a', tokens: [5] }, 'prompt'],
    [{}, 'messages'],
    [{ prompt: 'a', tools: [] }, 'tools'],
    [{ prompt: 'a', max_tokens: 2, max_new_tokens: 3 }, 'max_tokens'],
    [{ prompt: 'a', stop: ['a', 3] }, 'stop[1]'],
    [{ prompt: 'a', stop: [10_000] }, 'stop[0]'],
    [{ prompt: 'a', stop: '' }, 'stop'],
    [{ prompt: '' }, 'prompt'],
  ])('names the field at fault of %j', async (dto, field) => {
    await expect(read(dto)).rejects.toMatchObject({ details: { field } });
  });
});
