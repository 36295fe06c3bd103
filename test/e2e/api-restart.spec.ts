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
  // One service for all that is looked at: to start one takes longer than the rest.
  it('everything is what it was, and what was accepted is done', async () => {
    server = await TestServer.start({ env: { SNAPSHOT_INTERVAL_S } });
    const seen = [await trainWithGradients(), await trainWithChangingLoss()];
    const accepted = await submitSteps();
    await server.end(signal);
    await server.launch();
    for (const see of seen) await see();
    const answers = await Promise.all(accepted.map((id) => server.api.retrieve<ForwardAnswer>(id)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(12).fill(200));
    expect(answers.filter((_, i) => i % 2 === 1).map(({ body }) => body.metrics['step'])).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

/** Two steps and the gradients of a third. @returns what is to be seen after the restart */
async function trainWithGradients(): Promise<() => Promise<void>> {
  const undisturbed = await train('other', 4);
  await train('mine', 2);
  await server.api.forwardBackward({ model_id: 'mine', data });
  const before = await look('mine');
  return async () => {
    expect((await server.api.get<AdapterAnswer>('/adapters/mine')).body).toMatchObject({
      step: 2,
      has_gradients: true,
    });
    expect(await look('mine')).toEqual(before);
    // The gradients from before the end are still there: the third step is made of them.
    expect((await server.api.optimStep('mine', 0.003)).metrics['step']).toBe(3);
    expect(await train('mine', 1)).toEqual([undisturbed[3]]);
  };
}

/** Steps with a written loss that is then replaced, and deleted. */
async function trainWithChangingLoss(): Promise<() => Promise<void>> {
  const step = async (model_id: string) => {
    await server.api.forwardBackward({ model_id, data, loss_fn: 'mine', loss_fn_config: { scale: 2 } });
    await server.api.optimStep(model_id, 0.003);
  };
  const register = (loss: string) => server.api.post('/loss_functions', { name: 'mine', loss, config: { scale: 1 } });
  const names = ['written', 'replaced'] as const;
  await register('-scale * mean(target_logprobs)');
  await step(names[0]);
  await register('scale * sum(square(target_logprobs))');
  for (const name of names) await step(name);
  expect((await server.api.delete('/loss_functions/mine')).body).toMatchObject({ versions: 2 });
  const before = [await look(names[0]), await look(names[1])];
  return async () => expect([await look(names[0]), await look(names[1])]).toEqual(before);
}

/** Requests of an adapter of their own, of which nobody has waited for an answer; returns their ids. */
async function submitSteps(): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) {
    for (const route of ['/fwdbwd', '/optim_step']) {
      const body = route === '/fwdbwd' ? { model_id: 'waiting', data } : { model_id: 'waiting' };
      ids.push((await server.api.post<AcceptedAnswer>(route, body)).body.request_id);
    }
  }
  return ids;
}

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
