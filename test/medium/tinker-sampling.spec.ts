import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** Where continuations end. At temperature 0 the fake backend counts upwards from the prompt's last token. */
const CONFIG = path.join(import.meta.dirname, '../../models/tiny-chat/config.json');
const { eos_token_id: END, max_position_embeddings: CONTEXT } = JSON.parse(readFileSync(CONFIG, 'utf8')) as Readonly<
  Record<string, number>
>;

let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  client = new TinkerClient(service.url, undefined);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

const request = (tokens: readonly number[], sampling_params: object, more: object = {}) => ({
  base_model: 'tiny-chat',
  prompt: { chunks: [{ tokens }] },
  sampling_params: { temperature: 0, ...sampling_params },
  ...more,
});

const sequenceOf = async (body: object) => {
  const answer = await client.settled('asample', body);
  return (answer.body['sequences'] as { tokens: number[]; stop_reason: string }[])[0];
};

it.each([undefined, null, [END! + 1]])('the end token ends a continuation with the stops %j', async (stop) => {
  const sequence = await sequenceOf(request([END! - 1], { max_tokens: 3, stop }));
  expect(sequence).toMatchObject({ tokens: [END], stop_reason: 'stop' });
});

it('with an empty list of stops nothing ends it but its length', async () => {
  const sequence = await sequenceOf(request([END! - 1], { max_tokens: 3, stop: [] }));
  expect(sequence).toMatchObject({ tokens: [END, END! + 1, END! + 2], stop_reason: 'length' });
});

it('takes many token ids as stops, and few strings', async () => {
  const ids = Array.from({ length: 1024 }, (_, i) => 100 + (i % 100));
  expect(await sequenceOf(request([97], { max_tokens: 9, stop: ids }))).toMatchObject({ tokens: [98, 99, 100] });
  for (const stop of [[...ids, 1], Array.from({ length: 17 }, () => 'a')]) {
    const { status, body } = await client.post('asample', request([5], { max_tokens: 1, stop }));
    expect(status).toBe(400);
    expect(body['error']).toMatchObject({ message: expect.stringContaining('16 strings or 1024 token ids') as string });
  }
});

it('scores a prompt that fills the context, but does not continue it', async () => {
  const full = Array.from({ length: CONTEXT! }, () => 5);
  const scored = { prompt_logprobs: true };
  const { body } = await client.settled('asample', request(full, { max_tokens: 1 }, scored));
  expect(body['prompt_logprobs']).toHaveLength(CONTEXT!);
  for (const refused of [
    request(full, { max_tokens: 1 }),
    request(full, { max_tokens: 2 }, scored),
    request([...full, 5], { max_tokens: 1 }, scored),
  ]) {
    expect(await client.post('asample', refused)).toMatchObject({ status: 400 });
  }
});
