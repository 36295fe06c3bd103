import { afterEach, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type AdapterAnswer, type ErrorAnswer, type ForwardAnswer } from './support/client.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

let server: TestServer;

afterEach(() => server.stop());

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];
const look = async (model_id: string) =>
  (await server.api.run<ForwardAnswer>('/fwd', { model_id, data })).loss_fn_outputs;

async function train(model_id: string, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push((await server.api.forwardBackward({ model_id, data })).loss);
    await server.api.optimStep(model_id, 0.003);
  }
  return losses;
}

describe.each([
  ['SIGTERM', 'SIGTERM', '10'],
  ['SIGKILL before any snapshot', 'SIGKILL', '3600'],
  ['SIGKILL with snapshots', 'SIGKILL', '0'],
] as const)('after %s', (_what, signal, SNAPSHOT_INTERVAL_S) => {
  it('adapters, gradients, checkpoints and waiting requests are what they were', async () => {
    server = await TestServer.start({ env: { SNAPSHOT_INTERVAL_S } });
    const undisturbed = await train('other', 4);
    await train('mine', 2);
    await server.api.forwardBackward({ model_id: 'mine', data });
    const before = await look('mine');
    await server.end(signal);
    await server.launch();

    expect((await server.api.get<AdapterAnswer>('/adapters/mine')).body).toMatchObject({
      step: 2,
      has_gradients: true,
    });
    expect(await look('mine')).toEqual(before);
    // The gradients from before the end are still there: the third step is made of them.
    expect((await server.api.optimStep('mine', 0.003)).metrics['step']).toBe(3);
    expect(await train('mine', 1)).toEqual([undisturbed[3]]);
  });

  it('steps with a written loss that has been replaced or deleted are those they were', async () => {
    server = await TestServer.start({ env: { SNAPSHOT_INTERVAL_S } });
    const step = async (model_id: string) => {
      await server.api.forwardBackward({ model_id, data, loss_fn: 'mine', loss_fn_config: { scale: 2 } });
      await server.api.optimStep(model_id, 0.003);
    };
    const register = (loss: string) => server.api.post('/loss_functions', { name: 'mine', loss, config: { scale: 1 } });
    await register('-scale * mean(target_logprobs)');
    await step('mine');
    await register('scale * sum(square(target_logprobs))');
    await step('mine');
    await step('other');
    expect((await server.api.delete('/loss_functions/mine')).body).toMatchObject({ versions: 2 });
    const before = [await look('mine'), await look('other')];
    await server.end(signal);
    await server.launch();
    expect([await look('mine'), await look('other')]).toEqual(before);
  });

  it('what was accepted is done', async () => {
    server = await TestServer.start({ env: { SNAPSHOT_INTERVAL_S } });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      ids.push((await server.api.post<AcceptedAnswer>('/fwdbwd', { model_id: 'mine', data })).body.request_id);
      ids.push((await server.api.post<AcceptedAnswer>('/optim_step', { model_id: 'mine' })).body.request_id);
    }
    await server.end(signal);
    await server.launch();
    const answers = await Promise.all(ids.map((id) => server.api.retrieve<ForwardAnswer>(id)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(12).fill(200));
    expect(answers.filter((_, i) => i % 2 === 1).map(({ body }) => body.metrics['step'])).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('an answer that is waited for when the server stops', () => {
  it('says where it will be', async () => {
    server = await TestServer.start();
    const long = [{ role: 'user', content: 'sea '.repeat(400) }, ...data[0]!];
    for (let i = 0; i < 2; i++) await server.api.post('/fwdbwd', { model_id: 'mine', data: new Array(8).fill(long) });
    const waiting = server.api.post<ErrorAnswer>('/generate', { model_id: 'mine', prompt: 'Hello' });
    const accepted = async () => (await server.api.get<{ futures: unknown[] }>('/futures?kind=generate')).body.futures;
    await waitFor('the generation is in the log', async () => (await accepted()).length === 1);
    await server.end('SIGTERM');
    const { status, body } = await waiting;
    expect({ status, code: body.error.code }).toEqual({ status: 503, code: 'shutting_down' });
    await server.launch();
    const answer = await server.api.retrieve<{ text: string }>(body.error.details?.request_id ?? '');
    expect(answer.status).toBe(200);
  });
});
