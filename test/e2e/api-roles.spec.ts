import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type AdapterAnswer, type ForwardAnswer } from './support/client.js';
import { TestRedis } from '../support/servers/test-redis.js';
import { TestServer } from './support/server.js';

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(TestRedis.program === undefined)(`api and worker as two processes${needsRedis}`, () => {
  let redis: TestRedis;
  let worker: TestServer;
  let server: TestServer;

  beforeAll(async () => {
    redis = await TestRedis.create();
    worker = await TestServer.start({ env: { ROLE: 'worker', REDIS_URL: redis.url } });
    // The engine's settings would be void in an API process, and it says so.
    const env = { ROLE: 'api', REDIS_URL: redis.url, ENGINE: '', ENGINE_THREADS: '' };
    server = await TestServer.start({ joins: worker, env });
  });

  afterAll(async () => {
    await server.stop();
    await worker.stop();
    await redis.remove();
  });

  it('train, sample and stream across the two', async () => {
    const { body } = await server.api.get('/get_server_capabilities');
    expect(body).toMatchObject({ engine: 'onnxruntime', device: 'cpu', ranks: 1, batching: 'exact' });
    await server.api.forwardBackward({ model_id: 'split', data });
    expect((await server.api.optimStep('split')).metrics['step']).toBe(1);
    const request = { model_id: 'split', messages: [{ role: 'user', content: 'Hello' }], temperature: 0 };
    const { text } = await server.api.generate(request);
    const response = await fetch(`${server.api.url}/generate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...request, stream: true }),
    });
    const pieces = [...(await response.text()).matchAll(/^event: token\ndata: (.*)$/gm)];
    expect(pieces.map(([, json]) => (JSON.parse(json!) as { text: string }).text).join('')).toBe(text);
  });

  it('serve no requests for computing in the worker', async () => {
    expect((await worker.api.post('/fwdbwd', { model_id: 'split', data })).status).toBe(404);
  });

  it('say at / what they are and where to read on', async () => {
    const links = { health: '/healthz', ready: '/readyz' };
    expect((await worker.api.get('/')).body).toMatchObject({ role: 'worker', links });
    expect((await server.api.get('/')).body).toMatchObject({ role: 'api', links: { ...links, docs: '/docs' } });
  });

  it('keep what was accepted when the worker is killed', async () => {
    const accepted: string[] = [];
    for (let i = 0; i < 3; i++) {
      accepted.push((await server.api.post<AcceptedAnswer>('/fwdbwd', { model_id: 'kept', data })).body.request_id);
      accepted.push((await server.api.post<AcceptedAnswer>('/optim_step', { model_id: 'kept' })).body.request_id);
    }
    await worker.end('SIGKILL');
    await worker.launch();
    const answers = await Promise.all(accepted.map((id) => server.api.retrieve<ForwardAnswer>(id)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(6).fill(200));
    expect((await server.api.get<AdapterAnswer>('/adapters/kept')).body.step).toBe(3);
  });
});
