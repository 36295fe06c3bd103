import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient, type ErrorAnswer } from '../e2e/support/client.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

let database: TestDatabase;
let service: ApiApp;
let api: ApiClient;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  api = new ApiClient(service.url);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

const model_input = { chunks: [{ type: 'encoded_text', tokens: [5, 6, 7] }] };

it('a target of -100 does not count on the root routes, whatever weight it has', async () => {
  const lossOf = async (loss_fn_inputs: object) =>
    (await api.forwardBackward({ model_id: 'labels', data: [{ model_input, loss_fn_inputs }] })).loss;
  const expected = await lossOf({ target_tokens: [6, 0, 8], weights: [1, 0, 1] });
  expect(await lossOf({ target_tokens: [6, -100, 8] })).toBe(expected);
  expect(await lossOf({ target_tokens: [6, -100, 8], weights: [1, 5, 1] })).toBe(expected);
  expect(await lossOf({ target_tokens: [-100, -100, -100] })).toBe(0);
});

it("nor on Tinker's routes", async () => {
  const client = new TinkerClient(service.url, undefined);
  await client.begin();
  const [model] = await client.createModel(0);
  const request = client.forward(model, 1, [6, -100, 8]);
  const answer = await client.settled('forward_backward', request);
  const alone = await client.settled('forward_backward', {
    ...client.forward(model, 2),
    forward_backward_input: {
      loss_fn: 'cross_entropy',
      data: [
        {
          model_input,
          loss_fn_inputs: {
            target_tokens: { data: [6, 7, 8], dtype: 'int64', shape: [3] },
            weights: { data: [1, 0, 1], dtype: 'float32', shape: [3] },
          },
        },
      ],
    },
  });
  expect(answer.status).toBe(200);
  expect(answer.body['metrics']).toEqual(alone.body['metrics']);
});

it.each([-1, -99, -101])('a target of %d is refused', async (id) => {
  const data = [{ model_input, loss_fn_inputs: { target_tokens: [6, id, 8] } }];
  const refused = await api.post<ErrorAnswer>('/fwdbwd', { model_id: 'labels', data });
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
  expect(refused.body.error.message).toContain(`token id ${id}`);
});

it('and so is -100 among the tokens to read', async () => {
  const input = { chunks: [{ type: 'encoded_text', tokens: [5, -100] }] };
  const data = [{ model_input: input, loss_fn_inputs: { target_tokens: [6, 7] } }];
  expect((await api.post('/fwdbwd', { model_id: 'labels', data })).status).toBe(400);
});
