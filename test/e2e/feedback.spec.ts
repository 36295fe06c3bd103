import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { NotFoundError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, type ErrorAnswer, type ForwardAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/* From answers to a better model under the same name: aliases and promotions. */

const KEY = 'sk-alice';
const BASE = 'tiny-chat';
const messages = [{ role: 'user' as const, content: 'Who are you?' }];

interface AliasAnswer {
  readonly name: string;
  readonly version: number;
  readonly target: string;
  readonly change: string;
  readonly previous_version: number | null;
  readonly eval: { readonly loss: number; readonly current_loss: number } | null;
  readonly history: readonly AliasAnswer[];
}

let server: TestServer;
let api: ApiClient;
let bob: ApiClient;
let client: OpenAI;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: `${KEY},sk-bob` } });
  api = new ApiClient(server.api.url, KEY);
  bob = new ApiClient(server.api.url, 'sk-bob');
  client = new OpenAI({ apiKey: KEY, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
  for (const name of ['v1', 'v2']) await api.post('/adapters', { model_id: name });
});
afterAll(() => server.stop());

const set = (name: string, target: string) => api.put<AliasAnswer & ErrorAnswer>(`/aliases/${name}`, { target });
const answerOf = async (model: string) => {
  const { choices } = await client.chat.completions.create({ model, messages, max_tokens: 12, temperature: 0 });
  return choices[0]!.message.content;
};

describe('aliases', () => {
  it('are names to sample from, in every dialect', async () => {
    await api.run('/fwdbwd', {
      model_id: 'v2',
      loss_fn: 'cross_entropy',
      data: [{ messages: conversation('Zebra.') }],
    });
    await api.optimStep('v2', 0.05);
    expect((await set('live', 'v2')).body).toMatchObject({ name: 'live', version: 1, target: 'v2', change: 'set' });
    const answer = await answerOf('v2');
    expect(answer).not.toBe(await answerOf('v1'));
    expect(await answerOf('live')).toBe(answer);
    const generated = await api.generate({ model_id: 'live', messages, max_new_tokens: 12, temperature: 0 });
    expect(generated).toMatchObject({ model_id: 'live', text: answer });
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: server.api.url, maxRetries: 0 });
    const greedy = { model: 'live', messages, max_tokens: 12, temperature: 0 };
    const message = await anthropic.messages.create(greedy);
    expect(message).toMatchObject({ model: 'live', content: [{ type: 'text', text: answer }] });
    expect(await client.models.retrieve('live')).toMatchObject({ owned_by: 'alias', parent: 'v2' });
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('live');
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toContain('live');
    expect((await anthropic.models.retrieve('live')).id).toBe('live');
  });

  it('stand for sampler weights, and for nothing once these are gone', async () => {
    const { path } = await api.run<{ path: string }>('/save_weights_for_sampler', { model_id: 'v2', name: 'frozen' });
    expect((await set('frozen', path)).status).toBe(200);
    expect(await answerOf('frozen')).toBe(await answerOf('v2'));
    await api.post('/adapters', { model_id: 'short-lived' });
    await set('dangling', 'short-lived');
    await api.delete('/adapters/short-lived');
    await expect(answerOf('dangling')).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("The target of alias 'dangling', 'short-lived' does not exist.") as string,
    });
  });

  it('keep their history and roll back through it', async () => {
    await set('steps', 'base');
    await set('steps', 'v1');
    expect((await set('steps', 'v1')).body.version).toBe(2);
    await set('steps', 'v2');
    const rollBack = () => api.post<AliasAnswer>('/aliases/steps/rollback', {});
    expect((await rollBack()).body).toMatchObject({ version: 4, target: 'v1', change: 'rolled_back' });
    expect((await rollBack()).body).toMatchObject({ version: 5, target: 'base' });
    expect((await rollBack()).status).toBe(409);
    const { body } = await api.get<AliasAnswer>('/aliases/steps');
    expect(body.history.map(({ target }) => target)).toEqual(['base', 'v1', 'v2', 'v1', 'base'].reverse());
    expect(body.history.map(({ previous_version: previous }) => previous)).toEqual([null, 1, 2, 1, null]);
    expect((await api.delete('/aliases/steps')).body).toEqual({ name: 'steps', status: 'deleted' });
    expect((await api.get('/aliases/steps')).status).toBe(404);
  });

  it('count every one of many changes at once', async () => {
    await set('busy', 'v1');
    const changes = await Promise.all(['v2', 'v1', 'base', 'v2', 'base'].map((target) => set('busy', target)));
    const { body } = await api.get<AliasAnswer>('/aliases/busy');
    expect(changes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(body.history.map(({ version }) => version)).toEqual(body.history.map((_, i) => body.history.length - i));
  });

  it('share no name with an adapter or a base model, and belong to one key', async () => {
    expect(await set('v1', 'v2')).toMatchObject({ status: 409, body: { error: { details: { field: 'alias' } } } });
    expect(await set(BASE, 'v2')).toMatchObject({ status: 400, body: { error: { details: { field: 'alias' } } } });
    expect(await set('new', 'unknown')).toMatchObject({
      status: 404,
      body: { error: { details: { field: 'target' } } },
    });
    expect((await set('chained', 'live')).status).toBe(404);
    expect((await set('a b', 'v2')).status).toBe(400);
    expect(await api.post('/adapters', { model_id: 'live' })).toMatchObject({
      status: 409,
      body: { error: { details: { field: 'model_id' } } },
    });
    const data = [{ messages: conversation('Hello.') }];
    expect((await api.post('/fwdbwd', { model_id: 'live', loss_fn: 'cross_entropy', data })).status).toBe(409);
    expect((await bob.get('/aliases')).body).toEqual({ aliases: [] });
    expect((await bob.post('/aliases/live/rollback', {})).status).toBe(404);
    const stranger = new OpenAI({ apiKey: 'sk-bob', baseURL: `${server.api.url}/v1`, maxRetries: 0 });
    await expect(stranger.chat.completions.create({ model: 'live', messages })).rejects.toThrow(NotFoundError);
  });
});

describe('promotions', () => {
  /** A file of conversations with these answers; its id. */
  const upload = async (answers: readonly string[]) => {
    const text = answers.map((answer) => JSON.stringify({ messages: conversation(answer) })).join('\n');
    const file = await client.files.create({ file: await toFile(Buffer.from(text), 'a.jsonl'), purpose: 'fine-tune' });
    return file.id;
  };
  const promote = (target: string, file: string, tolerance?: number) =>
    api.post<AliasAnswer & ErrorAnswer>('/aliases/judged/promote', { target, eval: { file, tolerance } });
  /** Mean over the assistant's tokens, as POST /fwd has it. */
  const lossOf = async (modelId: string, answers: readonly string[]) => {
    const data = answers.map((answer) => ({ messages: conversation(answer) }));
    const body = { model_id: modelId, loss_fn: 'cross_entropy', train_on: 'assistant', data };
    return (await api.run<ForwardAnswer>('/fwd', body)).metrics['mean_nll']!;
  };

  it('take the target that does as well, and keep both numbers', async () => {
    const answers = ['Zebra.', 'Zebra. A zebra.'];
    const file = await upload(answers);
    await set('judged', 'v1');
    const { status, body } = await promote('v2', file);
    expect(status).toBe(200);
    expect(body).toMatchObject({ version: 2, target: 'v2', change: 'promoted', eval: { file, rows: 2, tolerance: 0 } });
    const { loss, current_loss: currentLoss } = body.eval!;
    expect(loss).toBeCloseTo(await lossOf('v2', answers), 5);
    expect(currentLoss).toBeCloseTo(await lossOf('v1', answers), 5);
    const refused = await promote('v1', file);
    expect(refused.status).toBe(409);
    // The same rows give the same bits.
    expect(refused.body.error).toMatchObject({
      code: 'worse_target',
      details: { field: 'target', file, loss: currentLoss, current_loss: loss, tolerance: 0 },
    });
    expect((await api.get<AliasAnswer>('/aliases/judged')).body).toMatchObject({ version: 2, target: 'v2' });
    expect((await promote('v1', file, currentLoss - loss + 0.001)).body).toMatchObject({ version: 3, target: 'v1' });
    expect((await promote('v1', file)).body).toMatchObject({ version: 4, target: 'v1' });
    expect((await api.post<AliasAnswer>('/aliases/judged/rollback', {})).body).toMatchObject({ target: 'v1' });
  });

  it('refuse what cannot be compared', async () => {
    expect(await promote('v2', 'file-unknown')).toMatchObject({
      status: 404,
      body: { error: { details: { field: 'eval.file' } } },
    });
    const [user, assistant] = conversation('Yes.');
    const pair = { input: { messages: [user] }, preferred_output: [assistant], non_preferred_output: [assistant] };
    const file = await client.files.create({
      file: await toFile(Buffer.from(JSON.stringify(pair)), 'pairs.jsonl'),
      purpose: 'fine-tune',
    });
    expect(await promote('v2', file.id)).toMatchObject({
      status: 400,
      body: { error: { details: { field: 'eval.file' } } },
    });
    expect((await api.post('/aliases/judged/promote', { target: 'v2' })).status).toBe(400);
  });
});

function conversation(answer: string) {
  return [...messages, { role: 'assistant', content: answer }];
}
