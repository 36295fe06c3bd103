import { Ajv2020 } from 'ajv/dist/2020.js';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, ApiClient, type ForwardAnswer, type GenerateAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/* The OpenAI API through OpenAI's own client. */

const KEY = 'sk-alice';
const BASE = 'tiny-chat';
const messages = [{ role: 'user' as const, content: 'Who are you?' }];
const greedy = { model: BASE, messages, max_completion_tokens: 24, temperature: 0 };

/** How templates write calls. */
const CALLS = {
  hermes: '<tool_call>\n{{ c.function | tojson }}\n</tool_call>',
  llama: '{"name": "{{ c.function.name }}", "parameters": {{ c.function.arguments | tojson }}}',
  mistral: '[TOOL_CALLS][{{ c.function | tojson }}]',
};

/** The tiny model with a template that knows tools. */
async function putToolModel(root: string, name: string, call: string): Promise<string> {
  const to = join(root, name);
  await cp('models/tiny-chat', to, { recursive: true });
  const template =
    '{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }} {{ m.name }}\n' +
    `{{ m.content }}{% for c in m.tool_calls or [] %}${call}{% endfor %}<|im_end|>\n{% endfor %}` +
    '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';
  await writeFile(join(to, 'chat_template.jinja'), template);
  return to;
}

let folder: string;
let server: TestServer;
let client: OpenAI;
let api: ApiClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tools-'));
  const models = await Promise.all(Object.entries(CALLS).map(([name, call]) => putToolModel(folder, name, call)));
  server = await TestServer.start({ env: { API_KEYS: `${KEY},sk-bob` }, baseModels: ['models/tiny-chat', ...models] });
  client = clientOf(KEY);
  api = new ApiClient(server.api.url, KEY);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function clientOf(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The same request on the root route. */
function generate(body: object): Promise<GenerateAnswer> {
  return api.generate({ messages, max_new_tokens: 24, temperature: 0, ...body });
}

describe('models', () => {
  it('are the base models and the adapters of the key, under their names', async () => {
    await api.post('/adapters', { model_id: 'mine' });
    const names = async (one: OpenAI) => (await listOf(one.models.list())).map(({ id }) => id);
    expect(await names(client)).toEqual([BASE, ...Object.keys(CALLS), 'mine']);
    expect(await names(clientOf('sk-bob'))).toEqual([BASE, ...Object.keys(CALLS)]);
    expect(await client.models.retrieve('mine')).toMatchObject({ object: 'model', owned_by: 'adapter', parent: BASE });
    await expect(clientOf('sk-bob').models.retrieve('mine')).rejects.toThrow(NotFoundError);
    expect(await client.models.delete('mine')).toEqual({ id: 'mine', object: 'model', deleted: true });
    await expect(client.models.retrieve('mine')).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
    await expect(client.models.delete(BASE)).rejects.toThrow(BadRequestError);
  });
});

describe('chat.completions', () => {
  it('answers what /generate answers', async () => {
    const expected = await generate({});
    const { id, choices, usage, model, object } = await client.chat.completions.create(greedy);
    expect(id).toMatch(/^chatcmpl-future_/);
    expect({ model, object }).toEqual({ model: BASE, object: 'chat.completion' });
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: expected.text, refusal: null },
        logprobs: null,
        finish_reason: expected.sequences[0]!.stop_reason,
      },
    ]);
    expect(usage).toEqual({ ...expected.usage, total_tokens: usage!.prompt_tokens + usage!.completion_tokens });
  });

  it('streams the same text, the end and the usage', async () => {
    const whole = await client.chat.completions.create(greedy);
    const stream = await client.chat.completions.create({
      ...greedy,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await listOf(stream);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe(whole.choices[0]!.finish_reason);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it("feeds the client's own stream helper, several answers at a time", async () => {
    const body = { ...greedy, temperature: 2, seed: 7, n: 3 };
    const expected = await client.chat.completions.create(body);
    const final = await client.chat.completions.stream(body).finalChatCompletion();
    expect(final.choices.map(({ message }) => message.content)).toEqual(
      expected.choices.map(({ message }) => message.content),
    );
    expect(new Set(final.choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
  });

  it('ends at a stop string, which is not part of the text', async () => {
    const full = (await client.chat.completions.create(greedy)).choices[0]!.message.content!;
    const stop = full.slice(6, 9);
    const cut = await client.chat.completions.create({ ...greedy, stop: [stop] });
    expect(cut.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: full.slice(0, full.indexOf(stop)) },
    });
    const short = await client.chat.completions.create({ ...greedy, max_completion_tokens: 2 });
    expect(short.choices[0]!.finish_reason).toBe('length');
  });

  it('gives the log-probs of /generate, whole and streamed', async () => {
    const expected = (await generate({ logprobs: true })).sequences[0]!;
    const body = { ...greedy, logprobs: true, top_logprobs: 3 };
    const [choice] = (await client.chat.completions.create(body)).choices;
    const content = choice!.logprobs!.content!;
    expect(content.map(({ logprob }) => logprob)).toEqual(expected.logprobs!.slice(0, content.length));
    expect(content.map(({ token }) => token).join('')).toBe(choice!.message.content);
    for (const { token, logprob, bytes, top_logprobs: top } of content) {
      expect(top).toHaveLength(3);
      expect(top[0]).toEqual({ token, logprob, bytes }); // greedy: the most likely token was taken
      expect(new TextDecoder().decode(Uint8Array.from(bytes!))).toBe(token);
    }
    const streamed = await client.chat.completions.stream(body).finalChatCompletion();
    expect(streamed.choices[0]!.logprobs!.content).toEqual(content);
  });

  it('bans and forces tokens by a bias', async () => {
    const { sequences } = await generate({ logprobs: true });
    const [first] = sequences[0]!.tokens;
    const banned = await client.chat.completions.create({ ...greedy, logit_bias: { [first!]: -100 } });
    expect(banned.choices[0]!.message.content).not.toBe(sequences[0]!.text);
    const forced = await client.chat.completions.create({
      ...greedy,
      max_completion_tokens: 4,
      logit_bias: { 100: 100 },
      logprobs: true,
    });
    const tokens = forced.choices[0]!.logprobs!.content!;
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    // The log-probs are the model's own, which finds the forced token unlikely.
    expect(Math.max(...tokens.map(({ logprob }) => logprob))).toBeLessThan(-1);
  });

  it('penalises tokens that were sampled', async () => {
    const words = { ...greedy, max_completion_tokens: 48, logit_bias: { 100: 20 } };
    const repeated = await client.chat.completions.create(words);
    const varied = await client.chat.completions.create({ ...words, frequency_penalty: 2, presence_penalty: 2 });
    expect(varied.choices[0]!.message.content).not.toBe(repeated.choices[0]!.message.content);
  });

  it('takes developer for system, text parts, older names, and ignores what it does not know', async () => {
    const system = await client.chat.completions.create({
      ...greedy,
      messages: [{ role: 'system', content: 'Be kind.' }, ...messages],
    });
    const { max_completion_tokens: max_tokens, ...rest } = greedy;
    const developer = await client.chat.completions.create({
      ...rest,
      max_tokens,
      messages: [
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Who are you?' }] },
      ],
      user: 'somebody',
      store: true,
      metadata: { a: 'b' },
      reasoning_effort: 'low',
    });
    expect(developer.choices).toEqual(system.choices);
    expect(developer.usage).toEqual(system.usage);
  });

  it('samples from an adapter and from its saved weights by their names', async () => {
    await api.post('/adapters', { model_id: 'trained' });
    const { path } = await api.run<AcceptedAnswer>('/save_weights_for_sampler', { model_id: 'trained', name: 'v1' });
    const [adapter, saved] = await Promise.all(
      ['trained', path!].map((model) => client.chat.completions.create({ ...greedy, model })),
    );
    expect(adapter!.choices).toEqual(saved!.choices);
    expect(adapter!.model).toBe('trained');
  });

  it('gives the request up when the client goes away', async () => {
    const { tokens } = (await generate({ max_new_tokens: 100 })).sequences[0]!;
    const endless = { ...greedy, max_completion_tokens: 400, n: 8, logit_bias: { [tokens.at(-1)!]: -100 } };
    const stop = new AbortController();
    const stream = await client.chat.completions.create({ ...endless, stream: true }, { signal: stop.signal });
    for await (const { choices } of stream) if (choices[0]?.delta.content) stop.abort();
    await waitFor('the cancelled request', async () => {
      const [last] = await server.database.query<{ code: string }>(
        `SELECT error->>'code' AS code FROM futures ORDER BY request_id DESC LIMIT 1`,
      );
      return last?.code === 'cancelled';
    });
  });
});

/** What a model that has learnt nothing is likely to close. */
describe('response_format', () => {
  const schema = {
    type: 'object',
    properties: {
      sure: { type: 'boolean' },
      mood: { type: 'string', enum: ['glad', 'sad', 'trüb'] },
      marks: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 6 }, minItems: 2, maxItems: 3 },
      when: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
    },
    required: ['sure', 'mood', 'marks', 'when'],
    additionalProperties: false,
  };
  const isValid = new Ajv2020({ formats: { date: true } }).compile(schema);
  const format = { type: 'json_schema' as const, json_schema: { name: 'answer', strict: true, schema } };
  const asked = { model: BASE, messages, response_format: format, temperature: 1, max_completion_tokens: 200 };

  it('holds every answer to the schema', async () => {
    const { choices } = await client.chat.completions.create({ ...asked, n: 8, seed: 3, presence_penalty: 1 });
    for (const { message, finish_reason } of choices) {
      expect(finish_reason).toBe('stop');
      expect(isValid(JSON.parse(message.content!)), message.content!).toBe(true);
    }
    expect(new Set(choices.map(({ message }) => message.content)).size).toBeGreaterThan(1);
  });

  it('streams the same answer, and changes no other one', async () => {
    const free = { model: BASE, messages, temperature: 1, seed: 9, max_completion_tokens: 32, logprobs: true };
    const alone = await client.chat.completions.create(free);
    const [beside, streamed, whole] = await Promise.all([
      client.chat.completions.create(free),
      client.chat.completions.stream({ ...asked, seed: 5 }).finalChatCompletion(),
      client.chat.completions.create({ ...asked, seed: 5 }),
    ]);
    expect(beside.choices).toEqual(alone.choices);
    expect(streamed.choices[0]!.message.content).toBe(whole.choices[0]!.message.content);
    expect(isValid(JSON.parse(whole.choices[0]!.message.content!))).toBe(true);
  });

  it('says when an answer was cut off', async () => {
    const { choices } = await client.chat.completions.create({ ...asked, max_completion_tokens: 5 });
    expect(choices[0]!.finish_reason).toBe('length');
    expect(() => JSON.parse(choices[0]!.message.content!) as unknown).toThrow();
  });

  it('gives any object', async () => {
    const { choices } = await client.chat.completions.create({
      ...asked,
      response_format: { type: 'json_object' },
      n: 16,
      seed: 1,
      stop: ['}'],
    });
    expect(choices.every(({ message }) => message.content!.startsWith('{'))).toBe(true);
  });

  it("feeds the client's parser with what zod describes", async () => {
    const Answer = z.object({
      kind: z.enum(['a', 'b']),
      count: z.int().min(0).max(99),
      tags: z.array(z.boolean()).max(2),
      rest: z.union([z.null(), z.object({ ok: z.literal(true) })]),
    });
    const { choices } = await client.chat.completions.parse({
      ...asked,
      response_format: zodResponseFormat(Answer, 'answer'),
    });
    expect(Answer.parse(choices[0]!.message.parsed)).toEqual(choices[0]!.message.parsed);
  });
});

describe('tools', () => {
  const parameters = {
    type: 'object',
    properties: { unit: { type: 'string', enum: ['C', 'F'] }, days: { type: 'integer', minimum: 0, maximum: 9 } },
    required: ['unit', 'days'],
    additionalProperties: false,
  };
  const fits = new Ajv2020().compile(parameters);
  const tool = (name: string) => ({ type: 'function' as const, function: { name, description: 'Tells.', parameters } });
  const tools = [tool('weather'), tool('tides')];
  const asked = { messages, tools, temperature: 1, seed: 4, max_completion_tokens: 120 };

  describe.each(Object.keys(CALLS))('in the format of %s', (model) => {
    it('are called where that is required, whole and streamed', async () => {
      const body = { ...asked, model, tool_choice: 'required' as const, parallel_tool_calls: false };
      const { message, finish_reason } = (await client.chat.completions.create(body)).choices[0]!;
      expect(finish_reason).toBe('tool_calls');
      expect(message.content).toBeNull();
      const [call, ...others] = message.tool_calls!;
      expect(others).toEqual([]);
      if (call?.type !== 'function') throw new Error('There is no call.');
      expect(['weather', 'tides']).toContain(call.function.name);
      expect(fits(JSON.parse(call.function.arguments))).toBe(true);
      const streamed = (await client.chat.completions.stream(body).finalChatCompletion()).choices[0]!;
      expect(streamed.finish_reason).toBe('tool_calls');
      expect(streamed.message.tool_calls).toMatchObject([{ type: 'function', function: { ...call.function } }]);
    });

    it('are called by name, and results are read', async () => {
      const named = { type: 'function' as const, function: { name: 'tides' } };
      const first = await client.chat.completions.create({ ...asked, model, tool_choice: named });
      const { message } = first.choices[0]!;
      expect(message.tool_calls).toMatchObject([{ function: { name: 'tides' } }]);
      const result = { role: 'tool' as const, tool_call_id: message.tool_calls![0]!.id, content: 'high' };
      const next = await client.chat.completions.create({
        ...asked,
        model,
        messages: [...messages, message, result],
        tool_choice: 'none',
      });
      expect(next.choices[0]!.message.tool_calls).toBeUndefined();
    });

    it('are left to the model, strict or not', async () => {
      for (const strict of [false, true]) {
        const offered = tools.map((one) => ({ ...one, function: { ...one.function, strict } }));
        const { choices } = await client.chat.completions.create({ ...asked, model, tools: offered });
        expect(['stop', 'length', 'tool_calls']).toContain(choices[0]!.finish_reason);
      }
    });
  });

  it("run by the client's runner", async () => {
    const given: unknown[] = [];
    const runner = client.chat.completions.runTools({
      ...asked,
      model: 'hermes',
      tool_choice: { type: 'function', function: { name: 'weather' } },
      tools: [
        {
          type: 'function',
          function: {
            ...tool('weather').function,
            parse: JSON.parse,
            function: (args: object) => {
              given.push(args);
              return 'warm';
            },
          },
        },
      ],
    });
    await runner.done();
    expect(given).toHaveLength(1);
    expect(fits(given[0])).toBe(true);
  });

  it.each([
    ['a template without tools', { model: BASE }, 'tools'],
    ['an unknown name', { tool_choice: { type: 'function', function: { name: 'x' } } }, 'tool_choice.function.name'],
    ['two of one name', { tools: [tool('a'), tool('a')] }, 'tools[1]'],
    ['no name', { tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    ['a call without tools', { tools: [], tool_choice: 'required' }, 'tool_choice'],
    [
      'strict parameters that cannot be followed',
      { tools: [{ type: 'function', function: { name: 'a', strict: true, parameters: { not: {} } } }] },
      'tools[0].function.parameters.not',
    ],
  ])('refuse %s', async (_, body, param) => {
    const request = { ...asked, model: 'hermes', ...body } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    await expect(client.chat.completions.create(request)).rejects.toMatchObject({ status: 400, param });
  });
});

describe('completions', () => {
  it('continues texts and token ids, one prompt or several', async () => {
    const texts = ['Once upon a time', 'My name is'];
    const { choices, usage } = await client.completions.create({
      model: BASE,
      prompt: texts,
      max_tokens: 6,
      temperature: 0,
    });
    const expected = await Promise.all(
      texts.map((prompt) => api.generate({ prompt, max_new_tokens: 6, temperature: 0 })),
    );
    expect(choices.map(({ index, text }) => [index, text])).toEqual(expected.map(({ text }, i) => [i, text]));
    expect(usage!.completion_tokens).toBe(12);
  });

  it('scores a prompt as /fwd does', async () => {
    const prompt = [5, 200, 17, 300, 42];
    const { choices, usage } = await client.completions.create({
      model: BASE,
      prompt,
      max_tokens: 0,
      echo: true,
      logprobs: 2,
    });
    const { logprobs, finish_reason } = choices[0]!;
    const chunks = [{ type: 'encoded_text', tokens: prompt.slice(0, -1) }];
    const data = [{ model_input: { chunks }, loss_fn_inputs: { target_tokens: prompt.slice(1) } }];
    const forwarded = await api.run<ForwardAnswer>('/fwd', { model_id: 'base', data, loss_fn: 'cross_entropy' });
    expect(logprobs!.token_logprobs).toEqual([null, ...forwarded.loss_fn_outputs[0]!.logprobs.data]);
    expect(logprobs!.tokens).toHaveLength(prompt.length);
    expect(logprobs!.top_logprobs![0]).toBeNull();
    const text = logprobs!.tokens!.join('');
    const both = await client.completions.create({ model: BASE, prompt, max_tokens: 3, n: 2, echo: true, logprobs: 2 });
    for (const choice of both.choices) {
      expect(choice.logprobs!.tokens!.slice(0, prompt.length)).toEqual(logprobs!.tokens);
      expect(choice.logprobs!.top_logprobs!.slice(0, prompt.length)).toEqual(logprobs!.top_logprobs);
    }
    expect(logprobs!.text_offset!.map((at, i) => text.slice(at, at + logprobs!.tokens![i]!.length))).toEqual(
      logprobs!.tokens,
    );
    expect({ finish_reason, completion: usage!.completion_tokens }).toEqual({ finish_reason: 'length', completion: 0 });
  });

  it('streams', async () => {
    const body = { model: BASE, prompt: 'Once upon a time', max_tokens: 12, temperature: 0, echo: true, logprobs: 0 };
    const whole = await client.completions.create(body);
    const chunks = await listOf(await client.completions.create({ ...body, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]!.text).join('')).toBe(whole.choices[0]!.text);
    expect(chunks.at(-1)!.choices[0]).toMatchObject({
      finish_reason: whole.choices[0]!.finish_reason,
      logprobs: whole.choices[0]!.logprobs,
    });
  });
});

describe('errors', () => {
  const refusal = (body: object) =>
    client.chat.completions.create({ ...greedy, ...body }).then(
      () => expect.unreachable(),
      (error: unknown) => error as APIError,
    );

  it('of a wrong key', async () => {
    await expect(clientOf('sk-wrong').models.list()).rejects.toThrow(AuthenticationError);
    await expect(clientOf('sk-wrong').models.list()).rejects.toMatchObject({
      code: 'invalid_api_key',
      type: 'authentication_error',
    });
  });

  it.each([
    ['a model that is not there', { model: 'nobody' }, 404, 'model', 'model_not_found'],
    ['a temperature above 2', { temperature: 3 }, 400, 'temperature', 'invalid_request'],
    ['no messages', { messages: [] }, 400, 'messages', 'invalid_request'],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      400,
      'messages[0].content[0].type',
      'invalid_request',
    ],
    ['an unknown format', { response_format: { type: 'xml' } }, 400, 'response_format.type', 'invalid_request'],
    [
      'a schema that cannot be followed',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { not: { type: 'null' } } } } },
      400,
      'response_format.json_schema.schema.not',
      'invalid_request',
    ],
    [
      'a keyword deep in a schema',
      {
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'a',
            schema: { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } },
          },
        },
      },
      400,
      'response_format.json_schema.schema.properties.a.uniqueItems',
      'invalid_request',
    ],
    [
      'a bias for a token that is not there',
      { logit_bias: { 999999999: 1 } },
      400,
      'logit_bias.999999999',
      'invalid_request',
    ],
    ['a bias beyond 100', { logit_bias: { 1: 101 } }, 400, 'logit_bias.1', 'invalid_request'],
    ['top_logprobs without logprobs', { top_logprobs: 2 }, 400, 'top_logprobs', 'invalid_request'],
    ['more tokens than the context', { max_completion_tokens: 1e6 }, 400, 'max_completion_tokens', 'invalid_request'],
    ['two limits of tokens', { max_tokens: 4, max_completion_tokens: 4 }, 400, 'max_tokens', 'invalid_request'],
    ['options of a stream without one', { stream_options: {} }, 400, 'stream_options', 'invalid_request'],
    ['parallel calls without tools', { parallel_tool_calls: true }, 400, 'parallel_tool_calls', 'invalid_request'],
  ] as const)('of %s name the field', async (_, body, status, param, code) => {
    expect(await refusal(body)).toMatchObject({ status, param, code });
  });

  it('of a stream come with their status', async () => {
    expect(await refusal({ stream: true, model: 'nobody' })).toMatchObject({ status: 404 });
  });

  it('of a route that is not there, and of a body that is no JSON, have the same form', async () => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    for (const [path, status] of [
      ['/v1/nothing', 404],
      ['/v1/completions', 400],
    ] as const) {
      const answer = await fetch(server.api.url + path, { method: 'POST', headers, body: '{' });
      expect(answer.status).toBe(status);
      expect(Object.keys(((await answer.json()) as { error: object }).error)).toEqual([
        'message',
        'type',
        'param',
        'code',
      ]);
    }
  });

  it('of embeddings', async () => {
    await expect(client.embeddings.create({ model: BASE, input: 'hi' })).rejects.toMatchObject({
      status: 400,
      code: 'embeddings_not_supported',
    });
  });
});
