import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, ranksOf, signalled } from '../chaos/processes.js';
import { torchUnavailable } from '../support/engines/torch-environment.js';
import { waitFor } from '../support/wait-for.js';
import { type AcceptedAnswer, type ForwardAnswer, type GenerateAnswer } from '../e2e/support/client.js';
import { TestServer } from '../e2e/support/server.js';

const TORCH = { BACKEND: 'torch', DEVICE: 'cpu', TORCH_RANKS: '2', ENGINE: '', SNAPSHOT_INTERVAL_S: '3600' };
const LIMIT_MS = 120_000;
const STEPS = 4;

const data = [
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'The sea is wide today.' },
  ],
];

const missing = torchUnavailable();
let server: TestServer;

async function train(model_id: string, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push((await server.api.forwardBackward({ model_id, data })).loss);
    await server.api.optimStep(model_id, 0.003);
  }
  return losses;
}

describe.skipIf(missing !== null)(`a service on torch ranks${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let undisturbed: number[];

  beforeAll(async () => {
    server = await TestServer.start({ env: TORCH });
    undisturbed = await train('undisturbed', STEPS);
  });
  afterAll(() => server.stop());

  it('trains on with the same bits when it was killed between a pass and its step', async () => {
    const before = await train('killed', 2);
    await server.api.forwardBackward({ model_id: 'killed', data });
    const ranks = ranksOf(server.pid);
    expect(ranks).toHaveLength(2);
    await server.end('SIGKILL');
    await server.launch();
    expect((await server.api.optimStep('killed', 0.003)).metrics['step']).toBe(3);
    expect([...before, ...(await train('killed', 1))]).toEqual([undisturbed[0], undisturbed[1], undisturbed[3]]);
    // The ranks of the first process have noticed that it is gone.
    await waitFor('the end of its ranks', () => ranks.every((rank) => !isThere(rank)), { timeout: LIMIT_MS });
  });

  it('trains on with the same bits when a rank was killed while requests waited', async () => {
    const ids: string[] = [];
    for (let i = 0; i < STEPS; i++) {
      const pass = { model_id: 'bereft', data };
      ids.push((await server.api.post<AcceptedAnswer>('/fwdbwd', pass)).body.request_id);
      const step = { model_id: 'bereft', adam_params: { learning_rate: 0.003 } };
      ids.push((await server.api.post<AcceptedAnswer>('/optim_step', step)).body.request_id);
      if (i === 1) expect(signalled(ranksOf(server.pid)[1]!, 'SIGKILL')).toBe(true);
    }
    const answers = await Promise.all(ids.map((id) => server.api.retrieve<ForwardAnswer>(id)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect(answers.filter((_, index) => index % 2 === 0).map(({ body }) => body.loss)).toEqual(undisturbed);
  });

  it('ends a generation whose client goes away, and gives its room to the next', async () => {
    const controller = new AbortController();
    const answer = fetch(`${server.api.url}/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // Far more tokens than are drawn before it goes.
      body: JSON.stringify({ tokens: [10, 11, 12], max_new_tokens: 200, n: 64, temperature: 1, stop: [] }),
      signal: controller.signal,
    });
    const statusIs = (status: string) => async () => {
      const { body } = await server.api.get<{ futures: { status: string }[] }>('/futures?kind=generate&limit=1');
      return body.futures[0]?.status === status;
    };
    await waitFor('a generation that runs', statusIs('running'), { timeout: LIMIT_MS });
    controller.abort();
    await expect(answer).rejects.toThrow();
    await waitFor('the end of the generation', statusIs('failed'), { timeout: LIMIT_MS });
    const next = { tokens: [10, 11, 12], max_new_tokens: 4, temperature: 0, stop: [] };
    expect(await server.api.run<GenerateAnswer>('/generate', next)).toMatchObject({ sequences: [{}] });
  });
});
