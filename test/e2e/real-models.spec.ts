import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRealModel, realTokenizersUnavailable } from '../support/models/real-tokenizers.js';
import { TestServer } from './support/server.js';

/** What real models bring along: vocabularies of their size, their templates, and their own end tokens. */
const MODELS = [
  {
    name: 'tiny-qwen3',
    tokenizer: 'qwen3',
    config: { architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', vocab_size: 151_936, eos_token_id: 151_645 },
  },
  {
    name: 'tiny-llama3',
    tokenizer: 'llama3_1',
    config: {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      vocab_size: 128_256,
      eos_token_id: [128_001, 128_009],
    },
  },
  {
    name: 'tiny-gemma-words',
    tokenizer: 'gemma3',
    config: { architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 262_208, eos_token_id: 106 },
  },
];

const suffix = realTokenizersUnavailable ? ` (${realTokenizersUnavailable})` : '';

describe.skipIf(realTokenizersUnavailable)(`models with real tokenizers${suffix}`, () => {
  let folder: string;
  let server: TestServer;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'thinker-real-'));
    const baseModels: string[] = [];
    for (const { name, tokenizer, config } of MODELS) {
      baseModels.push(await makeRealModel(folder, name, tokenizer, config));
    }
    server = await TestServer.start({ baseModels });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(MODELS)('$name trains on answers, steps, and answers', async ({ name }) => {
    const data = [
      [
        { role: 'user', content: 'Indent it.' },
        { role: 'assistant', content: '    return ½ + "é🙂"' },
        { role: 'user', content: '1234567?' },
        { role: 'assistant', content: 'Yes.' },
      ],
    ];
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      const body = { model_id: `of-${name}`, base_model: name, data, train_on: 'assistant' };
      losses.push((await server.api.forwardBackward(body)).loss);
      await server.api.optimStep(`of-${name}`, 1e-2);
    }
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses[2]).toBeLessThan(losses[0]!);
    const messages = [{ role: 'user', content: 'Hello' }];
    const answer = await server.api.generate({ model_id: `of-${name}`, messages, max_new_tokens: 8, seed: 1 });
    expect(answer.sequences[0]!.tokens.length).toBeGreaterThan(0);
    const text = await server.api.generate({
      model_id: `of-${name}`,
      prompt: 'x\n\n½',
      max_new_tokens: 2,
      stop: ['<|im_end|>'],
    });
    expect(text.usage.prompt_tokens).toBeGreaterThan(0);
  });
});
