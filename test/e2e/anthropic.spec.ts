import { rmSync } from 'node:fs';
import path from 'node:path';
import Anthropic, { APIError, AuthenticationError, BadRequestError, NotFoundError } from '@anthropic-ai/sdk';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, ApiClient, type GenerateAnswer } from './support/client.js';
import { TestServer } from './support/server.js';
import { toolModel } from './support/tool-model.js';

/* Anthropic's Messages API through Anthropic's own client. */

const KEY = 'sk-alice';
const BASE = 'tiny-chat';
const CONTEXT = 1024;
const messages = [{ role: 'user' as const, content: 'Who are you?' }];
const greedy = { model: BASE, messages, max_tokens: 24, temperature: 0 };

let server: TestServer;
let toolFolder: string;
let client: Anthropic;
let api: ApiClient;

beforeAll(async () => {
  toolFolder = toolModel();
  const baseModels = [path.join('models', BASE), toolFolder];
  const env = { API_KEYS: `${KEY},sk-bob`, LOG_LEVEL: 'log', BODY_LIMIT_MB: '20' };
  server = await TestServer.start({ baseModels, env });
  client = clientOf(KEY);
  api = new ApiClient(server.api.url, KEY);
});
afterAll(async () => {
  await server.stop();
  rmSync(toolFolder, { recursive: true, force: true });
});

function clientOf(apiKey: string): Anthropic {
  return new Anthropic({ apiKey, authToken: null, baseURL: server.api.url, maxRetries: 0 });
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

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** As a program without a client would ask, with this key and this body. */
function post(path: string, body: object | string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(server.api.url + path, {
    method: 'POST',
    headers: { 'x-api-key': KEY, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('messages', () => {
  it('answer what /generate answers', async () => {
    const expected = await generate({});
    const { data, request_id } = await client.messages.create(greedy).withResponse();
    const { id, ...message } = data;
    expect(request_id).toMatch(/^req_/);
    expect(id).toMatch(/^msg_future_/);
    expect(message).toEqual({
      type: 'message',
      role: 'assistant',
      model: BASE,
      content: [{ type: 'text', text: expected.text, citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: expected.usage.prompt_tokens,
        output_tokens: expected.usage.completion_tokens,
        output_tokens_details: null,
        cache_creation: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
        inference_geo: null,
        server_tool_use: null,
        service_tier: null,
        speed: null,
      },
    } satisfies Omit<Anthropic.Message, 'id'>);
  });

  it('take the key as a bearer token, and the request without a version', async () => {
    const bearer = new Anthropic({ authToken: KEY, apiKey: null, baseURL: server.api.url, maxRetries: 0 });
    expect(textOf(await bearer.messages.create(greedy))).toBe((await generate({})).text);
    expect((await post('/v1/messages', greedy)).status).toBe(200);
  });

  it('stream the same text in the order of events that the API documents', async () => {
    const whole = await client.messages.create(greedy);
    const events = await listOf(await client.messages.create({ ...greedy, stream: true }));
    const kinds = events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    expect(kinds).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.length).toBeGreaterThan(8);
    const final = await client.messages.stream(greedy).finalMessage();
    expect({ ...final, id: whole.id }).toMatchObject(whole);
    expect(events.at(-2)).toMatchObject({ delta: { stop_details: null, container: null } });
  });

  it('write each event under its name, and a ping', async () => {
    const text = await (await post('/v1/messages', { ...greedy, stream: true })).text();
    const events = text.trimEnd().split('\n\n');
    for (const event of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event)!;
      expect((JSON.parse(data!) as { type: string }).type).toBe(name);
    }
    expect(events).toContain('event: ping\ndata: {"type":"ping"}');
  });

  it('end at a stop sequence, and say which', async () => {
    const full = (await generate({})).text;
    const stop = full.slice(6, 9);
    const body = { ...greedy, stop_sequences: ['never', `${stop}${full[9]}`, stop] };
    const cut = await client.messages.create(body);
    expect(cut).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: stop });
    expect(textOf(cut)).toBe(full.slice(0, full.indexOf(stop)));
    expect(await client.messages.stream(body).finalMessage()).toMatchObject({
      content: cut.content,
      stop_reason: 'stop_sequence',
      stop_sequence: stop,
      usage: cut.usage,
    });
    const special = await client.messages.create({ ...greedy, stop_sequences: ['<|im_end|>'] });
    expect(special).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: '<|im_end|>' });
    expect(textOf(special)).toBe(full);
  });

  it('end at max_tokens, and where the context ends', async () => {
    expect(await client.messages.create({ ...greedy, max_tokens: 2 })).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 2 },
    });
    const content = 'the '.repeat(CONTEXT / 2 - 20);
    const { input_tokens } = await client.messages.countTokens({ model: BASE, messages: [{ role: 'user', content }] });
    const filled = 'a '.repeat(CONTEXT - input_tokens - 4);
    const long = { ...greedy, max_tokens: CONTEXT, messages: [{ role: 'user' as const, content: content + filled }] };
    const end = await client.messages.create(long);
    expect(end.usage.input_tokens + end.usage.output_tokens).toBeLessThanOrEqual(CONTEXT);
    expect(end.stop_reason).toBe('model_context_window_exceeded');
  });

  it('have no block where there is no text', async () => {
    const full = (await generate({})).text;
    const body = { ...greedy, stop_sequences: [full.slice(0, 2)] };
    expect((await client.messages.create(body)).content).toEqual([]);
    const events = await listOf(await client.messages.create({ ...body, stream: true }));
    expect(events.map(({ type }) => type)).toEqual(['message_start', 'message_delta', 'message_stop']);
  });

  it('render system, blocks and turns as the same conversation on the root route', async () => {
    const conversation = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi\nWho are you?' },
      { role: 'assistant', content: 'I' },
      { role: 'user', content: 'Go on' },
    ];
    const expected = await generate({ messages: conversation });
    const message = await client.messages.create({
      ...greedy,
      system: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'user', content: [{ type: 'text', text: 'Who are you?' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'I' }] },
        { role: 'user', content: 'Go on' },
      ],
      metadata: { user_id: 'somebody' },
      thinking: { type: 'disabled' },
      service_tier: 'auto',
    });
    expect(textOf(message)).toBe(expected.text);
    expect(message.usage.input_tokens).toBe(expected.usage.prompt_tokens);
  });

  it('continue a last message of the assistant', async () => {
    const begun = [...messages, { role: 'assistant' as const, content: 'I am' }];
    const expected = await generate({ messages: begun, continue_final_message: true, add_generation_prompt: false });
    expect(textOf(await client.messages.create({ ...greedy, messages: begun }))).toBe(expected.text);
    const empty = [...messages, { role: 'assistant' as const, content: '' }];
    expect(textOf(await client.messages.create({ ...greedy, messages: empty }))).toBe((await generate({})).text);
  });

  it('come from an adapter and from its saved weights by their names', async () => {
    await api.post('/adapters', { model_id: 'trained' });
    const { path } = await api.run<AcceptedAnswer>('/save_weights_for_sampler', { model_id: 'trained', name: 'v1' });
    const [adapter, saved] = await Promise.all(
      ['trained', path!].map((model) => client.messages.create({ ...greedy, model })),
    );
    expect(adapter!.content).toEqual(saved!.content);
    expect(adapter!.model).toBe('trained');
  });

  it('are given up when the client goes away', async () => {
    await api.post('/adapters', { model_id: 'busy' });
    const data = [{ messages: [...messages, { role: 'assistant', content: 'the '.repeat(800) }] }];
    for (let i = 0; i < 8; i++) await api.post('/fwdbwd', { model_id: 'busy', data, loss_fn: 'cross_entropy' });
    const stream = client.messages.stream({ ...greedy, model: 'busy' });
    stream.on('streamEvent', () => stream.abort());
    await expect(stream.done()).rejects.toThrow('aborted');
    await waitFor('the cancelled request', async () => {
      const [last] = await server.database.query<{ code: string }>(
        `SELECT error->>'code' AS code FROM futures ORDER BY request_id DESC LIMIT 1`,
      );
      return last?.code === 'cancelled';
    });
  });
});

describe('tools', () => {
  const weather = {
    name: 'weather',
    description: 'Tells the weather.',
    input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  };
  const question = { role: 'user' as const, content: 'Weather in Oslo?' };
  let ask: typeof greedy & { tools: Anthropic.Tool[] };

  beforeAll(() => {
    ask = { ...greedy, model: path.basename(toolFolder), messages: [question], tools: [weather] };
  });

  it('and calls of them are rendered as in the same conversation on the root route', async () => {
    const { name, description, input_schema: parameters } = weather;
    const call = { id: 'call-1', type: 'function', function: { name, arguments: { city: 'Oslo' } } };
    const expected = await generate({
      base_model: ask.model,
      tools: [{ type: 'function', function: { name, description, parameters } }],
      messages: [
        question,
        { role: 'assistant', content: 'Let me see.', tool_calls: [call] },
        { role: 'tool', name, tool_call_id: 'call-1', content: 'rain' },
      ],
    });
    const use = { type: 'tool_use' as const, id: 'call-1', name, input: { city: 'Oslo' } };
    const messages = [
      question,
      { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'Let me see.' }, use] },
      {
        role: 'user' as const,
        content: [{ type: 'tool_result' as const, tool_use_id: 'call-1', content: 'rain', is_error: false }],
      },
    ];
    const message = await client.messages.create({ ...ask, messages });
    expect(textOf(message)).toBe(expected.text);
    expect(message.usage.input_tokens).toBe(expected.usage.prompt_tokens);
  });

  describe('that must be called', () => {
    const input_schema = {
      type: 'object' as const,
      properties: { unit: { type: 'string', enum: ['C', 'F'] }, days: { type: 'integer', minimum: 0, maximum: 9 } },
      required: ['unit', 'days'],
    };
    const fits = new Ajv2020().compile(input_schema);
    const tools = ['weather', 'tides'].map((name) => ({ name, description: 'Tells.', input_schema }));
    const single = { type: 'any' as const, disable_parallel_tool_use: true };
    const usesOf = ({ content }: Anthropic.Message) => content.filter((block) => block.type === 'tool_use');

    it('are, once, whole and streamed, and take their result', async () => {
      const body = { ...ask, tools, tool_choice: single, max_tokens: 120 };
      const whole = await client.messages.create(body);
      expect(whole).toMatchObject({
        stop_reason: 'tool_use',
        content: [{ type: 'tool_use', caller: { type: 'direct' } }],
      });
      const [use, ...others] = usesOf(whole);
      expect(others).toEqual([]);
      expect(['weather', 'tides']).toContain(use!.name);
      expect(fits(use!.input)).toBe(true);

      const stream = client.messages.stream(body);
      const json: string[] = [];
      stream.on('inputJson', (piece) => json.push(piece));
      const streamed = await stream.finalMessage();
      const { name, input } = use!;
      expect(streamed).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name, input }] });
      expect(JSON.parse(json.join(''))).toEqual(input);

      const result = { type: 'tool_result' as const, tool_use_id: use!.id, content: 'rain' };
      const turns = [question, { role: 'assistant' as const, content: whole.content }];
      const next = await client.messages.create({
        ...body,
        messages: [...turns, { role: 'user', content: [result] }],
        tool_choice: { type: 'none' },
      });
      expect(usesOf(next)).toEqual([]);
      expect(next.usage.input_tokens).toBeGreaterThan(20);
    });

    it('are those that are named', async () => {
      for (const { name } of tools) {
        const body = { ...ask, tools, tool_choice: { type: 'tool' as const, name }, max_tokens: 120 };
        expect(usesOf(await client.messages.create(body))).toMatchObject([{ name }]);
      }
    });

    it('may come as an answer in JSON does, where both are asked for', async () => {
      const answer = { type: 'json_schema' as const, schema: { const: { done: true } } };
      const body = { ...ask, tools, output_config: { format: answer }, max_tokens: 120 };
      const message = await client.messages.create(body);
      if (message.stop_reason === 'tool_use') expect(usesOf(message).every(({ input }) => fits(input))).toBe(true);
      else expect(JSON.parse(textOf(message))).toEqual({ done: true });
      const free = { ...body, output_config: {}, tools: tools.map((tool) => ({ ...tool, strict: true })) };
      expect(usesOf(await client.messages.create(free)).every(({ input }) => fits(input))).toBe(true);
    });
  });

  it('that failed say so in the prompt', async () => {
    const asked = (result: object) => ({
      ...greedy,
      model: ask.model,
      messages: [
        question,
        { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'a', name: 'weather', input: {} }] },
        { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 'a', ...result }] },
      ],
    });
    const lengths = await Promise.all(
      [
        { content: 'Error: no such city', is_error: false },
        { content: 'no such city', is_error: true },
      ].map(async (result) => {
        const { content, usage } = await client.messages.create(asked(result));
        return { content, usage };
      }),
    );
    expect(lengths[1]).toEqual(lengths[0]);
    await expect(client.messages.create(asked({ is_error: 'yes' }) as never)).rejects.toMatchObject({
      details: { field: 'messages[2].content[0].is_error' },
    });
  });

  it('are not offered with tool_choice none, and are part of the count', async () => {
    const none = await client.messages.create({ ...ask, tool_choice: { type: 'none' } });
    const { max_tokens: _, temperature: __, ...prompt } = ask;
    const { input_tokens } = await client.messages.countTokens(prompt);
    expect(input_tokens).toBe((await client.messages.create(ask)).usage.input_tokens);
    expect(input_tokens).toBeGreaterThan(none.usage.input_tokens + 20);
  });

  it.each([
    ['a model whose template ignores them', { model: BASE }, 'tools'],
    ["a tool of Anthropic's", { tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'tools[0].type'],
    ['a tool without a schema', { tools: [{ name: 'f' }] }, 'tools[0].input_schema'],
    ['a name with a space', { tools: [{ ...weather, name: 'the weather' }] }, 'tools[0].name'],
    ['two tools of one name', { tools: [weather, weather] }, 'tools[1]'],
    [
      'a strict tool whose schema cannot be followed',
      { tools: [{ ...weather, strict: true, input_schema: { type: 'object', not: {} } }] },
      'tools[0].input_schema.not',
    ],
    ['no flag for strict', { tools: [{ ...weather, strict: 'yes' }] }, 'tools[0].strict'],
    [
      'a tool for programs alone',
      { tools: [{ ...weather, allowed_callers: ['code_execution_20260120'] }] },
      'tools[0].allowed_callers',
    ],
    ['a choice without tools', { tools: [], tool_choice: { type: 'auto' } }, 'tool_choice'],
    ['an unknown choice', { tool_choice: { type: 'required' } }, 'tool_choice.type'],
    ['a choice of nothing', { tool_choice: { type: 'tool', name: 'tides' } }, 'tool_choice.name'],
    [
      'no flag for one call',
      { tool_choice: { type: 'any', disable_parallel_tool_use: 1 } },
      'tool_choice.disable_parallel_tool_use',
    ],
    [
      'a forced call after the beginning of an answer',
      { tool_choice: { type: 'any' }, messages: [question, { role: 'assistant', content: 'Let' }] },
      'messages',
    ],
  ])('are refused with %s', async (_, body, field) => {
    await expect(client.messages.create({ ...ask, ...body } as never)).rejects.toMatchObject({
      status: 400,
      details: { field },
    });
  });

  it('that were called are refused where the template would leave them out', async () => {
    const messages = [
      question,
      { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'a', name: 'weather', input: {} }] },
      { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: 'a', content: 'rain' }] },
    ];
    await expect(client.messages.create({ ...greedy, messages })).rejects.toMatchObject({
      details: { field: 'messages' },
    });
  });
});

describe('output_config.format', () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer', minimum: 0, maximum: 99 } },
    required: ['name', 'age'],
    additionalProperties: false,
  } as const;
  const fits = new Ajv2020().compile(schema);
  const body = { ...greedy, max_tokens: 64, output_config: { format: { type: 'json_schema' as const, schema } } };

  it('gives JSON of the schema, whole and streamed, also at a high temperature', async () => {
    const whole = await client.messages.create(body);
    expect(whole.stop_reason).toBe('end_turn');
    expect(fits(JSON.parse(textOf(whole)))).toBe(true);
    expect((await client.messages.stream(body).finalMessage()).content).toEqual(whole.content);
    const hot = { ...body, temperature: 1 };
    expect(fits(JSON.parse(textOf(await client.messages.create(hot))))).toBe(true);
  });

  it("is parsed by the client's helper", async () => {
    // The helper leaves bounds to the description: without any, greedy strings of the tiny model do not end.
    const properties = { mood: { type: 'string', enum: ['good', 'bad'] }, sure: { type: 'boolean' } } as const;
    const plain = { type: 'object', properties, required: ['mood', 'sure'], additionalProperties: false } as const;
    const helped = { ...body, output_config: { format: jsonSchemaOutputFormat(plain) } };
    const { parsed_output } = await client.messages.parse(helped);
    expect(new Ajv2020().validate(plain, parsed_output)).toBe(true);
  });

  it.each([
    ['another type', { output_config: { format: { type: 'json_object' } } }, 'output_config.format.type'],
    ['no schema', { output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
    [
      'a schema that cannot be followed',
      { output_config: { format: { type: 'json_schema', schema: { not: {} } } } },
      'output_config.format.schema.not',
    ],
    ['its older name', { output_format: { type: 'json_schema', schema } }, 'output_format'],
    ['the beginning of an answer', { messages: [...messages, { role: 'assistant', content: '{' }] }, 'messages'],
  ])('is refused with %s', async (_, changes, field) => {
    await expect(client.messages.create({ ...body, ...changes } as never)).rejects.toMatchObject({
      status: 400,
      details: { field },
    });
    const { max_tokens: _max, temperature: _temperature, ...prompt } = { ...body, ...changes };
    await expect(client.messages.countTokens(prompt as never)).rejects.toMatchObject({ details: { field } });
  });
});

describe('count_tokens', () => {
  it('counts the prompt that a message would have', async () => {
    const prompt = { model: BASE, messages, system: 'Be kind.' };
    const { usage } = await client.messages.create({ ...greedy, ...prompt });
    expect(await client.messages.countTokens(prompt)).toMatchObject({ input_tokens: usage.input_tokens });
  });
});

describe('models', () => {
  it('are those of the key, page by page', async () => {
    await api.post('/adapters', { model_id: 'mine' });
    const names = (await listOf(client.models.list({ limit: 1 }))).map(({ id }) => id);
    expect(names).toEqual([BASE, path.basename(toolFolder), 'mine', 'busy', 'trained']);
    const before = await client.models.list({ before_id: 'busy', limit: 1 });
    expect(before).toMatchObject({ data: [{ id: 'mine' }], has_more: true, first_id: 'mine', last_id: 'mine' });
    expect((await listOf(clientOf('sk-bob').models.list())).map(({ id }) => id)).toEqual(names.slice(0, 2));
    expect(await client.models.retrieve('mine')).toMatchObject({
      type: 'model',
      id: 'mine',
      display_name: 'mine',
      max_input_tokens: CONTEXT,
    });
    await expect(client.models.retrieve('nobody')).rejects.toThrow(NotFoundError);
    await expect(client.models.list({ after_id: 'nobody' })).rejects.toThrow(BadRequestError);
  });
});

describe('errors', () => {
  const refusal = (body: object) =>
    client.messages.create({ ...greedy, ...body }).then(
      () => expect.unreachable(),
      (error: unknown) => error as APIError,
    );
  const use = { type: 'tool_use', id: 'call-1', name: 'f', input: {} };
  const result = { type: 'tool_result', tool_use_id: 'call-1', content: '4' };
  const after = (content: unknown) => ({ messages: [...messages, { role: 'assistant', content: 'I' }, content] });

  it('of a wrong key', async () => {
    await expect(clientOf('sk-wrong').messages.create(greedy)).rejects.toThrow(AuthenticationError);
    await expect(clientOf('sk-wrong').models.list()).rejects.toMatchObject({ type: 'authentication_error' });
  });

  it.each([
    ['a model that is not there', { model: 'nobody' }, 404, 'not_found_error', 'model'],
    ['no max_tokens', { max_tokens: undefined }, 400, 'invalid_request_error', 'max_tokens'],
    ['max_tokens of 0', { max_tokens: 0 }, 400, 'invalid_request_error', 'max_tokens'],
    ['more tokens than the context', { max_tokens: 4096 }, 400, 'invalid_request_error', 'max_tokens'],
    ['a temperature above 1', { temperature: 1.5 }, 400, 'invalid_request_error', 'temperature'],
    ['no messages', { messages: [] }, 400, 'invalid_request_error', 'messages'],
    [
      'an assistant who begins',
      { messages: [{ role: 'assistant', content: 'I' }] },
      400,
      'invalid_request_error',
      'messages',
    ],
    [
      'an unknown role',
      { messages: [{ role: 'tool', content: 'I' }] },
      400,
      'invalid_request_error',
      'messages[0].role',
    ],
    ['empty content', after({ role: 'user', content: '' }), 400, 'invalid_request_error', 'messages[2].content'],
    ['no content', after({ role: 'user' }), 400, 'invalid_request_error', 'messages[2].content'],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] },
      400,
      'invalid_request_error',
      'messages[0].content[0].type',
    ],
    [
      'a result without a call',
      after({ role: 'user', content: [result] }),
      400,
      'invalid_request_error',
      'messages[2].content[0].tool_use_id',
    ],
    [
      'a call without a result',
      { messages: [...messages, { role: 'assistant', content: [use] }, ...messages] },
      400,
      'invalid_request_error',
      'messages[1].content[0]',
    ],
    [
      'an open answer that ends in a space',
      { messages: [...messages, { role: 'assistant', content: 'I am ' }] },
      400,
      'invalid_request_error',
      'messages[1].content',
    ],
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 1024 } }, 400, 'invalid_request_error', 'thinking.type'],
  ] as const)('of %s name the field', async (_, body, status, type, field) => {
    const error = await refusal(body);
    expect(error).toMatchObject({ status, type, details: { field } });
    expect(error).toBeInstanceOf(status === 404 ? NotFoundError : BadRequestError);
    expect(error.error).toMatchObject({ type: 'error', request_id: error.requestID });
  });

  it('of a stream come with their status', async () => {
    expect(await refusal({ stream: true, model: 'nobody' })).toMatchObject({ status: 404 });
  });

  it('of a body that is too large', async () => {
    const error = await refusal({ messages: [{ role: 'user', content: 'x'.repeat(30e6) }] });
    expect(error).toMatchObject({ status: 413, type: 'request_too_large' });
    expect(error.error).toMatchObject({ type: 'error', request_id: error.requestID });
  });

  it('of another version, of a route that is not there, and of a body that is no JSON', async () => {
    for (const [path, body, headers, status] of [
      ['/v1/messages', greedy, { 'anthropic-version': '2031-01-01' }, 400],
      ['/v1/messages/batches', {}, {}, 404],
      ['/v1/nothing', {}, { 'anthropic-version': '2023-06-01' }, 404],
      ['/v1/messages', '{', {}, 400],
    ] as const) {
      const answer = await post(path, body, headers);
      expect(answer.status, path).toBe(status);
      const { type, request_id } = (await answer.json()) as { type: string; request_id: string };
      expect({ type, request_id }).toEqual({ type: 'error', request_id: answer.headers.get('request-id') });
      await waitFor('the line in the log', () => server.log.includes(request_id));
    }
  });
});
