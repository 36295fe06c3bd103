import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATION_KINDS } from '../../src/domain/operation.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** Results of requests to the root routes, fetched by the Tinker API's, and the other way round: for every kind. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
/** Ids of requests by their kind and the API they were sent to. */
const sent: [dialect: string, kind: string, requestId: string][] = [];

const CHAT = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi' },
];

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  client = new TinkerClient(service.url, undefined);
  await client.begin();
  await sendToRoot();
  await sendToTinker();
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

async function root(method: string, path: string, body?: object) {
  const answer = await fetch(service.url + path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function sendToRoot(): Promise<void> {
  const submit = async (kind: string, method: string, path: string, body?: object): Promise<void> => {
    const answer = await root(method, path, body);
    if (answer.status > 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    const id = String(answer.body['request_id']);
    sent.push(['root', kind, id]);
    await root('POST', '/retrieve_future', { request_id: id });
  };
  const model_id = 'mine';
  await submit('create_adapter', 'POST', '/adapters', { model_id, lora_config: { rank: 4 } });
  await submit('forward', 'POST', '/fwd', { model_id, data: [CHAT] });
  await submit('forward_backward', 'POST', '/fwdbwd', { model_id, data: [CHAT] });
  await submit('optim_step', 'POST', '/optim_step', { model_id });
  for (const more of [{}, { logprobs: true }, { async: true }]) {
    await submit('generate', 'POST', '/generate', { model_id, messages: CHAT.slice(0, 1), max_new_tokens: 3, ...more });
  }
  await submit('generate', 'POST', '/generate', { model_id: 'base', prompt: 'Hi', max_new_tokens: 3, n: 2 });
  await submit('save_weights', 'POST', '/save_weights', { model_id, name: 'one' });
  await submit('save_weights_for_sampler', 'POST', '/save_weights_for_sampler', { model_id, name: 'one' });
  await submit('load_weights', 'POST', '/load_weights', { model_id, name: 'one' });
  await submit('rewind_adapter', 'POST', `/adapters/${model_id}/rewind`, { step: 0 });
  await submit('create_adapter', 'POST', `/adapters/${model_id}/fork`, { model_id: 'fork' });
  await submit('delete_adapter', 'DELETE', '/adapters/fork');
}

async function sendToTinker(): Promise<void> {
  const [model_id, created] = await client.createModel(0);
  sent.push(['tinker', 'create_adapter', created]);
  const sampler = await client.post('create_sampling_session', client.baseSampler(0));
  const requests: [string, string, object][] = [
    ['forward', 'forward', client.forward(model_id, 1, undefined, 'forward_input')],
    ['forward_backward', 'forward_backward', client.forward(model_id, 2)],
    ['optim_step', 'optim_step', { model_id, seq_id: 3, adam_params: { learning_rate: 0.1 } }],
    ['save_weights', 'save_weights', { model_id, seq_id: 4, path: 'one' }],
    ['save_weights_for_sampler', 'save_weights_for_sampler', { model_id, seq_id: 5, path: 'one' }],
    ['save_weights_for_sampler', 'save_weights_for_sampler', { model_id, seq_id: 6, sampling_session_seq_id: 1 }],
    ['save_weights_external', 'save_weights_external', { model_id, seq_id: 7, path: 'one' }],
    ['load_weights', 'load_weights', { model_id, seq_id: 8, path: `tinker://${model_id}/weights/one` }],
    ['generate', 'asample', client.sample(String(sampler.body['sampling_session_id']), 1)],
    ['unload_adapter', 'unload_model', { model_id, seq_id: 9 }],
  ];
  for (const [kind, path, body] of requests) {
    const { status, body: accepted } = await client.post(path, body);
    if (status !== 200) throw new Error(`${path}: ${JSON.stringify(accepted)}`);
    sent.push(['tinker', kind, String(accepted['request_id'])]);
  }
}

it('covers every kind of request', () => {
  expect([...new Set(sent.map(([, kind]) => kind))].sort()).toEqual([...OPERATION_KINDS].sort());
});

it('are fetched by either API, in each of its encodings', async () => {
  for (const [dialect, kind, request_id] of sent) {
    const of = `${kind} of ${dialect}`;
    const atRoot = await root('POST', '/retrieve_future', { request_id });
    expect([of, atRoot.status, atRoot.body['status']]).toEqual([of, 200, 'completed']);
    expect((await root('GET', `/futures/${request_id}`)).body).toMatchObject({ kind, status: 'completed' });
    const json = await client.retrieved({ status: 200, body: { request_id } });
    expect([of, json.status, json.body['error']]).toEqual([of, 200, undefined]);
    const packed = await fetch(`${service.url}/api/v1/retrieve_future`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/x-protobuf' },
      body: JSON.stringify({ request_id }),
    });
    expect([of, packed.status]).toEqual([of, 200]);
    expect((await client.post('cancel_future', { request_id })).status).toBe(204);
  }
});

it('leave out the log-probs that POST /generate was not asked for', async () => {
  const [[, , plain], [, , scored]] = sent.filter(([dialect, kind]) => dialect === 'root' && kind === 'generate') as [
    [string, string, string],
    [string, string, string],
  ];
  const sequence = async (request_id: string) => {
    const { body } = await client.post('retrieve_future', { request_id });
    return (body['sequences'] as { tokens: number[]; logprobs?: number[] }[])[0]!;
  };
  expect(await sequence(plain)).not.toHaveProperty('logprobs');
  const { tokens, logprobs } = await sequence(scored);
  expect(logprobs).toHaveLength(tokens.length);
});
