import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeOperationData } from '../../src/formats/operation-data.codec.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** Digits as a client in a language with integers writes them; the first ones are neighbours of one float64. */
const SEEDS = [
  '1152921504606846976',
  '1152921504606846977',
  '9007199254740993',
  '4611686018427387904',
  '18446744073709551621',
  '-7',
];

let database: TestDatabase;
let service: ApiApp;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

/** @param body JSON with SEED where the digits go */
async function post(
  path: string,
  body: object,
  seed: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${service.url}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body).replace('"SEED"', seed),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** The seed that the log has for the last sampling request. */
async function loggedSeed(): Promise<string | undefined> {
  const [row] = await database.query<{ request: Buffer }>(
    `SELECT request FROM futures WHERE kind = 'generate' ORDER BY position DESC LIMIT 1`,
  );
  return /"seed":"?(-?\d+)/.exec(JSON.stringify(decodeOperationData(row!.request).json))?.[1];
}

it.each(SEEDS)('the root routes take the seed %s to its last digit', async (seed) => {
  const generate = { prompt: 'a', max_new_tokens: 2, seed: 'SEED' };
  const sampled = await post('generate', generate, seed);
  expect(sampled).toMatchObject({ status: 200, body: { seed: seed === '-7' ? -7 : seed } });
  expect(await loggedSeed()).toBe(seed);
  const quoted = await post('generate', generate, `"${seed}"`);
  expect(quoted.body['sequences']).toEqual(sampled.body['sequences']);

  const adapter = await post('adapters', { lora_config: { seed: 'SEED' } }, seed);
  expect(adapter).toMatchObject({ status: 201, body: { lora_config: { seed: seed === '-7' ? -7 : seed } } });
});

it.each(SEEDS)("Tinker's routes take the seed %s to its last digit", async (seed) => {
  const prompt = { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] };
  const sample = { base_model: 'tiny-chat', prompt, sampling_params: { max_tokens: 2, seed: 'SEED' } };
  expect((await post('api/v1/asample', sample, seed)).status).toBe(200);
  expect(await loggedSeed()).toBe(seed);

  const client = new TinkerClient(service.url, undefined);
  await client.begin();
  const model = {
    session_id: client.sessionId,
    model_seq_id: 0,
    base_model: 'tiny-chat',
    lora_config: { seed: 'SEED' },
  };
  expect((await post('api/v1/create_model', model, seed)).status).toBe(200);
  const rows = await database.query<{ seed: string }>(
    `SELECT lora->>'seed' AS seed FROM adapters WHERE model_id LIKE $1`,
    [`${client.sessionId}%`],
  );
  expect(rows).toEqual([{ seed }]);
});

it('new adapters of neighbouring seeds begin with different weights, those of one seed with the same', async () => {
  const begin = async (model_id: string, seed: string) => {
    expect((await post('adapters', { model_id, lora_config: { seed: 'SEED' } }, seed)).status).toBe(201);
    expect((await post('generate', { model_id, prompt: 'a', max_new_tokens: 1 }, seed)).status).toBe(200);
    const [row] = await database.query<{ id: string }>(`SELECT id FROM adapters WHERE model_id = $1`, [model_id]);
    return (await service.backend.exportState(row!.id)).weights;
  };
  const [one, next, again] = [
    await begin('one', SEEDS[0]!),
    await begin('next', SEEDS[1]!),
    await begin('again', SEEDS[0]!),
  ];
  expect(next).not.toEqual(one);
  expect(again).toEqual(one);
});

it.each(['1.5', '"1e3"', 'true', '""'])('refuses %s for a seed', async (seed) => {
  const refused = await post('generate', { prompt: 'a', seed: 'SEED' }, seed);
  expect(refused).toMatchObject({ status: 400, body: { error: { details: { field: 'seed' } } } });
});
