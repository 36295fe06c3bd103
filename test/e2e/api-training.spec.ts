import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AcceptedAnswer,
  type AdapterAnswer,
  type ErrorAnswer,
  type ForwardAnswer,
  type OptimAnswer,
} from './support/client.js';
import { TestServer } from './support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.stop());

const chat = (question: string, answer: string) => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];
const data = [chat('Who are you?', 'I am a lighthouse.'), chat('Hello', 'The sea is wide today.')];
const tokens = [10, 20, 30, 40, 50];
const targets = [20, 30, 40, 50, 60];
const datum = (loss_fn_inputs: Record<string, unknown>) => ({
  model_input: { chunks: [{ type: 'encoded_text', tokens }] },
  loss_fn_inputs: { target_tokens: { data: targets, dtype: 'int64', shape: [5] }, ...loss_fn_inputs },
});
const sum = (numbers: readonly (number | null)[]): number => numbers.reduce<number>((total, x) => total + (x ?? 0), 0);

describe('supervised training', () => {
  it('lowers the loss, with the metrics of the seed', async () => {
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) {
      const result = await server.api.forwardBackward({ model_id: 'sl', data, loss_fn: 'cross_entropy' });
      losses.push(result.loss);
      const { loss, metrics, num_samples } = result;
      expect(num_samples).toBe(2);
      expect(metrics['loss:sum']).toBe(loss);
      expect(metrics['num_weighted_tokens']).toBe(metrics['num_tokens']);
      expect(metrics['mean_nll']).toBeCloseTo(loss / metrics['num_tokens']!, 6);
      expect(metrics['perplexity']).toBeCloseTo(Math.exp(metrics['mean_nll']!), 6);
      const optim = await server.api.optimStep('sl');
      expect(optim.metrics).toMatchObject({ step: step + 1, learning_rate: 0.01 });
      for (const name of ['grad_norm', 'update_norm', 'weight_norm']) expect(optim.metrics[name]).toBeGreaterThan(0);
    }
    expect(losses[3]).toBeLessThan(0.8 * losses[0]!);
  });

  it("weights only the assistant's tokens when asked to", async () => {
    const all = await server.api.run<ForwardAnswer>('/fwd', { model_id: 'base', data: [data[0]] });
    const some = await server.api.run<ForwardAnswer>('/fwd', {
      model_id: 'base',
      data: [data[0]],
      train_on: 'assistant',
    });
    expect(some.metrics['num_tokens']).toBe(all.metrics['num_tokens']);
    expect(some.metrics['num_weighted_tokens']).toBeLessThan(all.metrics['num_tokens']!);
    expect(some.loss).toBeLessThan(all.loss);
    const { data: logprobs } = some.loss_fn_outputs[0]!.logprobs;
    // Left-out positions are null; the others agree with the full pass.
    expect(logprobs.filter((logprob) => logprob !== null)).toHaveLength(some.metrics['num_weighted_tokens']!);
    logprobs.forEach((logprob, i) => {
      if (logprob !== null) expect(logprob).toBeCloseTo(all.loss_fn_outputs[0]!.logprobs.data[i]!, 3);
    });
  });

  it('gives log-probs of every position of a datum, also of weight 0', async () => {
    const weights = { data: [0, 1, 0, -0.5, 2], dtype: 'float32', shape: [5] };
    const { loss, loss_fn_outputs } = await server.api.run<ForwardAnswer>('/fwd', {
      model_id: 'tiny-chat',
      data: [datum({ weights })],
      loss_fn: 'cross_entropy',
    });
    const { data: logprobs, dtype, shape } = loss_fn_outputs[0]!.logprobs;
    expect({ dtype, shape }).toEqual({ dtype: 'float32', shape: [5] });
    const expected = -sum(logprobs.map((logprob, i) => logprob! * weights.data[i]!));
    expect(loss).toBeCloseTo(expected, 4);
  });

  it('gives K log-probs per position for K targets', async () => {
    const K = 2;
    const target_tokens = { data: targets.flatMap((token) => [token, token + 1]), dtype: 'int64', shape: [5, K] };
    const weights = { data: new Array(5 * K).fill(0.5), dtype: 'float32', shape: [5, K] };
    const { loss_fn_outputs } = await server.api.run<ForwardAnswer>('/fwd', {
      model_id: 'base',
      data: [datum({ target_tokens, weights })],
    });
    expect(loss_fn_outputs[0]!.logprobs.shape).toEqual([5, K]);
    expect(loss_fn_outputs[0]!.logprobs.data).toHaveLength(5 * K);
  });
});

describe('reinforcement learning', () => {
  it('steps with PPO on chats, with the metrics of the seed', async () => {
    const before = await server.api.run<ForwardAnswer>('/fwd', { model_id: 'rl', data, logprobs: 'all' });
    const logprobs = before.loss_fn_outputs.map((output) => output.logprobs.data);
    const request = {
      model_id: 'rl',
      data,
      loss_fn: 'ppo',
      loss_fn_config: { clip_high_threshold: 1.3 },
      loss_fn_inputs: { logprobs, advantages: [1, 0.5] },
    };
    const first = await server.api.forwardBackward(request);
    // The policy is the sampler: every ratio is 1.
    expect(first.metrics['mean_ratio']).toBeCloseTo(1, 4);
    expect(first.metrics['clip_fraction']).toBe(0);
    const [a, b] = logprobs.map(({ length }) => length) as [number, number];
    expect(first.metrics['mean_advantage']).toBeCloseTo((a + 0.5 * b) / (a + b), 5);
    await server.api.optimStep('rl');
    const second = await server.api.forwardBackward(request);
    expect(second.metrics['mean_ratio']).toBeGreaterThan(1);
    expect(second.loss).toBeLessThan(first.loss);
  });

  it('finds no KL between sampler and trainer in a rollout of the weights that are trained, and some after the step', async () => {
    const model_id = 'rollout';
    await server.api.forwardBackward({ model_id, data });
    await server.api.optimStep(model_id);
    const prompt = [5, 6, 7, 8, 9];
    const body = { model_id, tokens: prompt, n: 3, max_new_tokens: 12, seed: 4, logprobs: true };
    const { sequences } = await server.api.generate(body);
    const rollout = sequences.map(({ tokens, logprobs }) => {
      const text = [...prompt, ...tokens];
      const padded = (numbers: readonly number[]) => [...prompt.slice(1).fill(0), ...numbers];
      return {
        model_input: { chunks: [{ type: 'encoded_text', tokens: text.slice(0, -1) }] },
        loss_fn_inputs: {
          target_tokens: text.slice(1),
          logprobs: padded(logprobs!),
          advantages: padded(tokens.map((_, i) => (i % 2 === 0 ? 1 : -0.5))),
        },
      };
    });
    const request = { model_id, data: rollout, loss_fn: 'importance_sampling' };
    expect((await server.api.forwardBackward(request)).metrics['sampler_trainer_kl']).toBe(0);
    await server.api.optimStep(model_id);
    const after = await server.api.run<ForwardAnswer>('/fwd', request);
    expect(after.metrics['sampler_trainer_kl']).not.toBe(0);
  });

  it.each(['importance_sampling', 'ppo', 'cispo', 'dro'])('runs %s on datums', async (loss_fn) => {
    const inputs = { logprobs: [-1, -2, -1, -3, -2], advantages: [0, 0, 1, -1, 0.5] };
    const { metrics } = await server.api.forwardBackward({ model_id: `rl-${loss_fn}`, data: [datum(inputs)], loss_fn });
    for (const name of [
      'mean_advantage',
      'mean_ratio',
      'max_ratio',
      'min_ratio',
      'kl_k1',
      'kl_k3',
      'sampler_trainer_kl',
    ]) {
      expect(metrics[name], name).toEqual(expect.any(Number));
    }
  });
});

describe('gradients', () => {
  it('are marked in the list, added up, and cleared by the step', async () => {
    const flags = async () => (await server.api.get<AdapterAnswer>('/adapters/flags')).body;
    await server.api.post('/adapters', { model_id: 'flags' });
    expect(await flags()).toMatchObject({ has_gradients: false, step: 0 });
    await server.api.forwardBackward({ model_id: 'flags', data });
    await server.api.forwardBackward({ model_id: 'flags', data });
    expect(await flags()).toMatchObject({ has_gradients: true, step: 0 });
    const { metrics } = await server.api.optimStep('flags');
    expect(await flags()).toMatchObject({ has_gradients: false, step: 1 });

    await server.api.forwardBackward({ model_id: 'once', data });
    const once = await server.api.optimStep('once');
    expect(metrics['grad_norm']! / once.metrics['grad_norm']!).toBeCloseTo(2, 3);
  });

  it('are not touched by fwd', async () => {
    await server.api.run('/fwd', { model_id: 'untouched', data });
    expect((await server.api.get<AdapterAnswer>('/adapters/untouched')).body.has_gradients).toBe(false);
    const step = await server.api.post<AcceptedAnswer>('/optim_step', { model_id: 'untouched' });
    expect(step.status).toBe(200);
    const answer = await server.api.retrieve<ErrorAnswer>(step.body.request_id);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'no_gradients', category: 'user' });
  });

  it("of one adapter leave the others' alone, and the base is always the base", async () => {
    const look = async (model_id: string) =>
      (await server.api.run<ForwardAnswer>('/fwd', { model_id, data })).loss_fn_outputs;
    await server.api.post('/adapters', { model_id: 'still' });
    const [base, still] = [await look('base'), await look('still')];
    expect(still).toEqual(base);
    await server.api.forwardBackward({ model_id: 'moving', data });
    await server.api.optimStep('moving');
    expect(await look('moving')).not.toEqual(base);
    expect(await look('still')).toEqual(still);
    expect(await look('base')).toEqual(base);
  });
});

describe('order', () => {
  it('is that of arrival, however many requests are under way', async () => {
    const post = (path: string, body: object) => server.api.post<AcceptedAnswer>(path, { model_id: 'piped', ...body });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await post('/fwdbwd', { data })).body.request_id);
      ids.push((await post('/optim_step', { adam_params: { learning_rate: 0.01 } })).body.request_id);
    }
    const answers = await Promise.all(ids.map((id) => server.api.retrieve<ForwardAnswer & OptimAnswer>(id)));
    const losses = [0, 2, 4].map((i) => answers[i]!.body.loss);
    expect(losses[1]).toBeLessThan(losses[0]!);
    expect(losses[2]).toBeLessThan(losses[1]!);
    expect([1, 3, 5].map((i) => answers[i]!.body.metrics['step'])).toEqual([1, 2, 3]);
  });

  it('gives a repeat by seq_id the first future, and refuses another request under it', async () => {
    const body = { model_id: 'repeated', data, seq_id: 1 };
    const first = await server.api.post<AcceptedAnswer>('/fwdbwd', body);
    const second = await server.api.post<AcceptedAnswer>('/fwdbwd', body);
    expect(second.body).toEqual(first.body);
    const other = await server.api.post<ErrorAnswer>('/fwdbwd', { ...body, data: [data[0]] });
    expect(other.status).toBe(400);
    expect(other.body.error).toMatchObject({ code: 'seq_id_reused', details: { field: 'seq_id' } });
    await server.api.retrieve(first.body.request_id);
    const { metrics } = await server.api.optimStep('repeated');
    await server.api.forwardBackward({ model_id: 'unrepeated', data });
    expect(metrics['grad_norm']).toBeCloseTo((await server.api.optimStep('unrepeated')).metrics['grad_norm']!, 3);
  });
});

describe('a diverging request', () => {
  it('fails alone and leaves the adapter as it was', async () => {
    await server.api.forwardBackward({ model_id: 'sane', data });
    await server.api.optimStep('sane');
    const look = async () => (await server.api.run<ForwardAnswer>('/fwd', { model_id: 'sane', data })).loss_fn_outputs;
    const before = await look();
    // exp(logprob + 1e5) overflows: the loss is infinite.
    const inputs = { logprobs: [-1e5, -1, -1, -1, -1], advantages: [1, 1, 1, 1, 1] };
    const accepted = await server.api.post<AcceptedAnswer>('/fwdbwd', {
      model_id: 'sane',
      data: [datum(inputs)],
      loss_fn: 'importance_sampling',
    });
    const answer = await server.api.retrieve<ErrorAnswer>(accepted.body.request_id);
    expect(answer.status).toBe(422);
    expect(answer.body.error).toMatchObject({ code: 'non_finite_loss', category: 'user' });
    expect(await look()).toEqual(before);
    expect((await server.api.get<AdapterAnswer>('/adapters/sane')).body).toMatchObject({
      has_gradients: false,
      step: 1,
    });
    await server.api.forwardBackward({ model_id: 'sane', data });
    expect((await server.api.optimStep('sane')).metrics['step']).toBe(2);
  });
});
