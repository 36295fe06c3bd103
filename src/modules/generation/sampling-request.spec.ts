import { describe, expect, it } from 'vitest';
import { CharacterTokenizer, makeBaseModel } from '../../../test/support/api-base-model.js';
import { type GenerateDto } from './dto/generate.dto.js';
import { toGenerateRequest } from './sampling-request.js';

const read = (dto: GenerateDto, model = makeBaseModel()) => toGenerateRequest(dto, model);
const refusal = (field: string, message: RegExp) => ({
  message: expect.stringMatching(message) as string,
  details: expect.objectContaining({ field }) as object,
});

class MarkedTokenizer extends CharacterTokenizer {
  override readonly specialTokens = new Map([['<|end|>', 7]]);
}

describe('a sampling request', () => {
  it.each([
    ['prompt', { prompt: 'x'.repeat(32) }],
    ['messages', { messages: [{ role: 'user', content: 'x'.repeat(32) }] }],
    ['tokens', { tokens: new Array<number>(40).fill(5) }],
  ])('blames %s for being longer than the context, not max_new_tokens', async (field, dto) => {
    await expect(read({ ...dto, max_new_tokens: 1 })).rejects.toMatchObject(refusal(field, /context of 32 tokens/));
  });

  it('blames max_new_tokens for what does not fit behind the prompt', async () => {
    const refused = refusal('max_new_tokens', /Use at most 22/);
    await expect(read({ prompt: 'x'.repeat(10), max_new_tokens: 23 })).rejects.toMatchObject(refused);
  });

  it('refuses a token that the tokenizer has and the model does not, by its id and text', async () => {
    const model = makeBaseModel({ config: { ...makeBaseModel().config, vocabSize: 100 } });
    const refused = refusal('prompt', /contains token 122 \("z"\).* embeddings for 100 tokens/);
    await expect(read({ prompt: 'az', max_new_tokens: 1 }, model)).rejects.toMatchObject(refused);
  });

  it('takes the text of a special token for its id, since it is no part of an answer', async () => {
    const model = makeBaseModel({ tokenizer: new MarkedTokenizer() });
    const { sampling } = await read({ prompt: 'a', max_new_tokens: 1, stop: ['<|end|>', 'b'] }, model);
    expect(sampling).toMatchObject({ stopTokens: [0, 7], stopStrings: ['b'] });
  });
});
