import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.stop());

describe('the server', () => {
  it('tells what it can do', async () => {
    const { status, body } = await server.api.get('/get_server_capabilities');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      loss_functions: ['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro'],
      engine: 'onnxruntime',
      device: 'cpu',
      supported_models: [{ model_id: 'tiny-chat', model_name: 'tiny-chat', arch: 'llama' }],
    });
  });
});
