import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER, FORECAST, hasPackages, isForecast, KEY, MODEL, named, QUESTION, startServer } from './support.mjs';

describe.skipIf(!hasPackages)(named("LangChain's provider for OpenAI", hasPackages), () => {
  let server;
  let langchain;
  let tool;

  beforeAll(async () => {
    [server, langchain, { tool }] = await Promise.all([
      startServer(),
      import('@langchain/openai'),
      import('@langchain/core/tools'),
    ]);
  });
  afterAll(() => server?.stop());

  const connection = (apiKey = KEY) => ({ apiKey, configuration: { baseURL: `${server.url}/v1` }, maxRetries: 0 });
  const chat = (fields = {}) =>
    new langchain.ChatOpenAI({ model: MODEL, temperature: 0, maxTokens: 32, ...connection(), ...fields });

  it('chats', async () => {
    const answer = await chat().invoke([
      ['system', 'Be kind.'],
      ['user', QUESTION],
    ]);
    expect(answer.content).toMatch(ANSWER);
    expect(answer.response_metadata.finish_reason).toBe('stop');
    expect(answer.usage_metadata.total_tokens).toBe(
      answer.usage_metadata.input_tokens + answer.usage_metadata.output_tokens,
    );
  });

  it('streams', async () => {
    const whole = await chat().invoke(QUESTION);
    const chunks = [];
    for await (const chunk of await chat().stream(QUESTION)) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(5);
    const joined = chunks.reduce((one, other) => one.concat(other));
    expect(joined.content).toBe(whole.content);
    expect(joined.usage_metadata).toMatchObject({ output_tokens: whole.usage_metadata.output_tokens });
  });

  it('continues text', async () => {
    const text = await new langchain.OpenAI({ model: MODEL, temperature: 0, maxTokens: 8, ...connection() }).invoke(
      'My',
    );
    expect(text.length).toBeGreaterThan(3);
  });

  it('throws its own errors', async () => {
    const refusal = (fields) => expect(chat(fields).invoke(QUESTION)).rejects;
    await refusal(connection('sk-wrong')).toMatchObject({ lc_error_code: 'MODEL_AUTHENTICATION', status: 401 });
    await refusal({ model: 'nobody' }).toMatchObject({ lc_error_code: 'MODEL_NOT_FOUND', status: 404 });
    await refusal({ temperature: 9 }).toMatchObject({ status: 400, param: 'temperature' });
  });

  it('calls tools, whole and streamed, and sends the result back', async () => {
    const forecast = tool(() => 'rain', { name: 'forecast', description: 'Tells the weather.', schema: FORECAST });
    const forced = chat({ model: server.toolModel, maxTokens: 120 }).bindTools([forecast], { tool_choice: 'any' });
    const answer = await forced.invoke(QUESTION);
    expect(answer.response_metadata.finish_reason).toBe('tool_calls');
    expect(answer.tool_calls).toMatchObject([{ name: 'forecast', type: 'tool_call' }]);
    expect(isForecast(answer.tool_calls[0].args)).toBe(true);

    const chunks = [];
    for await (const chunk of await forced.stream(QUESTION)) chunks.push(chunk);
    const [{ args }] = chunks.reduce((one, other) => one.concat(other)).tool_calls;
    expect(args).toEqual(answer.tool_calls[0].args);

    const result = await forecast.invoke(answer.tool_calls[0]);
    const plain = chat({ model: server.toolModel });
    const [alone, next] = await Promise.all([
      plain.invoke(QUESTION),
      plain.invoke([['user', QUESTION], answer, result]),
    ]);
    expect(next.usage_metadata.input_tokens).toBeGreaterThan(alone.usage_metadata.input_tokens + 20);
    expect(next.tool_calls).toEqual([]);
  });

  it.each(['jsonSchema', 'functionCalling'])('gives structured output by %s', async (method) => {
    const model = chat({ model: server.toolModel, maxTokens: 120 });
    const forecast = await model.withStructuredOutput(FORECAST, { name: 'forecast', method }).invoke(QUESTION);
    expect(isForecast(forecast)).toBe(true);
  });

  it('is told that the model knows no tools', async () => {
    const add = tool(() => '3', { name: 'add', schema: { type: 'object', properties: {} } });
    await expect(chat().bindTools([add]).invoke(QUESTION)).rejects.toMatchObject({ status: 400, param: 'tools' });
  });

  it('is told that there are no embeddings', async () => {
    const embeddings = new langchain.OpenAIEmbeddings({ model: MODEL, ...connection() });
    await expect(embeddings.embedQuery('Hi')).rejects.toMatchObject({ status: 400, code: 'embeddings_not_supported' });
  });
});
