import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRealModel, realTokenizersUnavailable } from '../support/models/real-tokenizers.js';
import { TestServer } from './support/server.js';

/** Byte-level BPE, and SentencePiece with bytes for what has no piece. */
const MODELS = [
  {
    name: 'tiny-qwen3',
    tokenizer: 'qwen3',
    config: { architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', vocab_size: 151_936, eos_token_id: 151_645 },
    template: null,
  },
  {
    name: 'tiny-llama2',
    tokenizer: 'llama2',
    config: { architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 32_000, eos_token_id: 2 },
    // The tokenizer comes without one.
    template: '{{ bos_token }}{% for message in messages %}[INST] {{ message.content }} [/INST]{% endfor %}',
  },
];

/** Every text of it is short, so that random answers come to their end. */
const SCHEMA = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 8 },
    kind: { enum: ['cat', 'dög', '🙂 ½'] },
    age: { type: 'integer', minimum: 0, maximum: 120 },
    tags: { type: 'array', items: { type: 'string', maxLength: 4 }, maxItems: 3 },
    owner: {
      anyOf: [
        { type: 'null' },
        { type: 'object', properties: { id: { type: 'boolean' } }, required: ['id'], additionalProperties: false },
      ],
    },
  },
  required: ['name', 'kind', 'age', 'tags', 'owner'],
  additionalProperties: false,
};

const suffix = realTokenizersUnavailable ? ` (${realTokenizersUnavailable})` : '';

describe.skipIf(realTokenizersUnavailable)(`constrained answers with real tokenizers${suffix}`, () => {
  let folder: string;
  let server: TestServer;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'thinker-grammars-'));
    const baseModels: string[] = [];
    for (const { name, tokenizer, config, template } of MODELS) {
      const model = await makeRealModel(folder, name, tokenizer, config);
      if (template) await writeFile(path.join(model, 'chat_template.jinja'), template);
      baseModels.push(model);
    }
    server = await TestServer.start({ baseModels });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(MODELS)('$name', ({ name }) => {
    const chat = (body: object) => {
      const client = new OpenAI({ apiKey: 'none', baseURL: `${server.api.url}/v1`, maxRetries: 0 });
      const messages = [{ role: 'user' as const, content: 'Describe a pet.' }];
      return client.chat.completions.create({ model: name, messages, ...body, stream: false });
    };

    it('gives answers that fit a schema, however random they are', async () => {
      const fits = new Ajv2020().compile(SCHEMA);
      const format = { type: 'json_schema', json_schema: { name: 'pet', schema: SCHEMA, strict: true } };
      const { choices } = await chat({ n: 12, seed: 3, temperature: 1, max_tokens: 400, response_format: format });
      const ended = choices.filter(({ finish_reason: reason }) => reason === 'stop');
      expect(ended.length).toBeGreaterThan(8);
      for (const { message } of ended) {
        const value: unknown = JSON.parse(message.content!);
        expect(fits(value), `${message.content}: ${JSON.stringify(fits.errors)}`).toBe(true);
      }
      expect(new Set(ended.map(({ message }) => message.content)).size).toBeGreaterThan(3);
    });

    it('gives the bytes of tokens that are parts of characters', async () => {
      // Words that no tokenizer has a token for: their characters are made of several.
      const words = { enum: ['𓀀𓁀', '🜁🜂'] };
      const format = { type: 'json_schema', json_schema: { name: 'word', schema: words, strict: true } };
      const { choices } = await chat({ n: 2, seed: 1, max_tokens: 40, logprobs: true, response_format: format });
      for (const { message, logprobs } of choices) {
        const tokens = logprobs!.content!;
        expect(tokens.some(({ token }) => token.includes('\uFFFD'))).toBe(true);
        const bytes = tokens.flatMap((token) => token.bytes!);
        expect(new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))).toBe(message.content);
      }
    });
  });
});
