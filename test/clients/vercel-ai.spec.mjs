import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER, FORECAST, hasPackages, isForecast, KEY, MODEL, named, QUESTION, startServer } from './support.mjs';

describe.skipIf(!hasPackages)(named("Vercel's AI SDK with its provider for OpenAI", hasPackages), () => {
  let server;
  let ai;
  let createOpenAI;

  beforeAll(async () => {
    [server, ai, { createOpenAI }] = await Promise.all([startServer(), import('ai'), import('@ai-sdk/openai')]);
  });
  afterAll(() => server?.stop());

  const provider = (apiKey = KEY) => createOpenAI({ apiKey, baseURL: `${server.url}/v1` });
  // The provider calls a model without .chat through the Responses API, which this server does not have.
  const ask = (fields = {}) => ({
    model: provider().chat(MODEL),
    prompt: QUESTION,
    temperature: 0,
    maxOutputTokens: 32,
    maxRetries: 0,
    ...fields,
  });

  it('chats', async () => {
    const { text, finishReason, usage } = await ai.generateText(ask({ system: 'Be kind.' }));
    expect(text).toMatch(ANSWER);
    expect(finishReason).toBe('stop');
    expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens);
  });

  it('streams', async () => {
    const whole = await ai.generateText(ask());
    const stream = ai.streamText(ask());
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join('')).toBe(whole.text);
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens);
  });

  it('continues text', async () => {
    const { text } = await ai.generateText(
      ask({ model: provider().completion(MODEL), prompt: 'My', maxOutputTokens: 8 }),
    );
    expect(text.length).toBeGreaterThan(3);
  });

  it('throws its own errors', async () => {
    const refusal = (fields) =>
      ai.generateText(ask(fields)).then(
        () => expect.unreachable(),
        (error) => {
          expect(ai.APICallError.isInstance(error)).toBe(true);
          return { status: error.statusCode, error: error.data.error };
        },
      );
    expect(await refusal({ model: provider('sk-wrong').chat(MODEL) })).toMatchObject({ status: 401 });
    expect(await refusal({ model: provider().chat('nobody') })).toMatchObject({
      status: 404,
      error: { code: 'model_not_found' },
    });
    expect(await refusal({ temperature: 9 })).toMatchObject({ status: 400, error: { param: 'temperature' } });
  });

  it('calls tools, and sends the result back', async () => {
    const given = [];
    const forecast = ai.tool({
      description: 'Tells the weather.',
      inputSchema: ai.jsonSchema(FORECAST),
      execute: (input) => {
        given.push(input);
        return 'rain';
      },
    });
    const { steps } = await ai.generateText(
      ask({
        model: provider().chat(server.toolModel),
        maxOutputTokens: 120,
        tools: { forecast },
        stopWhen: ai.stepCountIs(2),
        prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
      }),
    );
    expect(steps.map(({ finishReason }) => finishReason)[0]).toBe('tool-calls');
    expect(steps).toHaveLength(2);
    expect(given.map(isForecast)).toEqual([true]);
  });

  it('streams a call of a named tool', async () => {
    const stream = ai.streamText(
      ask({
        model: provider().chat(server.toolModel),
        maxOutputTokens: 120,
        tools: { forecast: ai.tool({ inputSchema: ai.jsonSchema(FORECAST) }) },
        toolChoice: { type: 'tool', toolName: 'forecast' },
      }),
    );
    const [call, ...others] = await stream.toolCalls;
    expect(others).toEqual([]);
    expect(call.toolName).toBe('forecast');
    expect(isForecast(call.input)).toBe(true);
  });

  it('generates objects, whole and streamed', async () => {
    const asked = ask({ schema: ai.jsonSchema(FORECAST), maxOutputTokens: 120 });
    const { object } = await ai.generateObject(asked);
    expect(isForecast(object)).toBe(true);
    const parts = [];
    for await (const part of ai.streamObject(asked).partialObjectStream) parts.push(part);
    expect(parts.at(-1)).toEqual(object);
  });

  it('is told that the model knows no tools', async () => {
    const add = ai.tool({ inputSchema: ai.jsonSchema({ type: 'object', properties: {} }) });
    await expect(ai.generateText(ask({ tools: { add } }))).rejects.toMatchObject({
      statusCode: 400,
      data: { error: { param: 'tools' } },
    });
  });

  it('is told that there are no embeddings', async () => {
    const model = provider().embeddingModel(MODEL);
    await expect(ai.embed({ model, value: 'Hi', maxRetries: 0 })).rejects.toMatchObject({
      statusCode: 400,
      data: { error: { code: 'embeddings_not_supported' } },
    });
  });
});
