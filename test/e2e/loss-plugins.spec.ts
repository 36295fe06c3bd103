import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type ErrorAnswer, type ForwardAnswer, type OptimAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

const root = path.resolve(import.meta.dirname, '..', '..');
const EXAMPLES = path.join(root, 'examples', 'loss-plugins');

/** A folder as an operator has it, apart from the server: compiled plugins, and a link as `npm install <folder>` makes it. */
function compileExamples(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'thinker-plugins-'));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(root, path.join(folder, 'node_modules', 'thinker'));
  for (const file of readdirSync(EXAMPLES)) {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, experimentalDecorators: true };
    const source = readFileSync(path.join(EXAMPLES, file), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options, fileName: file });
    writeFileSync(path.join(folder, file.replace(/\.ts$/, '.mjs')), outputText);
  }
  return folder;
}

const TOKENS = [
  [5, 9, 13, 21, 34],
  [7, 11, 2, 19],
];
const WEIGHTS = [
  [0, 1, 0.5, 2, 1],
  [1, 0, 1.5, 1],
];

/** `weights` may be those of a linear loss: - sum w l has the gradient -w. */
function dataOf(weights: readonly (readonly number[])[]) {
  return TOKENS.map((tokens, i) => ({
    model_input: { chunks: [{ type: 'encoded_text', tokens }] },
    loss_fn_inputs: { target_tokens: tokens.map((token) => token + 1), weights: weights[i] },
  }));
}

/** What the examples' comments say, by hand. */
const BY_HAND: Record<string, (l: readonly number[], w: readonly number[]) => { loss: number; slopes: number[] }> = {
  focal: (l, w) => ({
    loss: -l.reduce((sum, x, i) => sum + (w[i] ? w[i] * (1 - Math.exp(x)) ** 2 * x : 0), 0),
    slopes: l.map((x, i) => {
      const p = Math.exp(x);
      return w[i] ? w[i] * (2 * (1 - p) * p * x - (1 - p) ** 2) : 0;
    }),
  }),
  sequence_power: (l, w) => {
    const total = w.reduce((sum, x) => sum + x, 0);
    const average = l.reduce((sum, x, i) => sum - (w[i] ? x * w[i] : 0), 0) / total;
    return { loss: average ** 2, slopes: w.map((x) => (-2 * average * x) / total) };
  },
};

describe('losses of the operator', () => {
  let folder: string;
  let server: TestServer;

  beforeAll(async () => {
    folder = compileExamples();
    server = await TestServer.start({ env: { LOSS_PLUGINS: folder } });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are listed with their inputs and settings', async () => {
    const { body } = await server.api.get('/loss_functions');
    expect(body.available_loss_functions).toEqual(expect.arrayContaining(['ppo', 'focal', 'sequence_power']));
    const focal = (body.losses as { name: string }[]).find(({ name }) => name === 'focal');
    expect(focal).toMatchObject({
      description: 'Negative log-likelihood that down-weights confident tokens',
      inputs: [
        { name: 'target_tokens', required: true },
        { name: 'weights', required: false },
      ],
      config: [{ name: 'gamma', default: 2 }],
    });
  });

  it.each(Object.keys(BY_HAND))('%s trains with the gradient that it has by hand', async (name) => {
    const own = `${name}-own`;
    const linear = `${name}-linear`;
    for (const model_id of [own, linear]) {
      const made = await server.api.post('/adapters', { model_id, lora_config: { rank: 4, seed: 7 } });
      expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
    }
    const body = { model_id: own, data: dataOf(WEIGHTS), loss_fn: name };
    const { loss, loss_fn_outputs } = await server.api.forwardBackward(body);
    const byHand = loss_fn_outputs.map(({ logprobs }, i) =>
      BY_HAND[name]!(
        logprobs.data.map((value) => value ?? Number.NaN),
        WEIGHTS[i]!,
      ),
    );
    // float32 throughout: the plugin's sums, or the numbers on their way.
    expect(loss / byHand.reduce((sum, one) => sum + one.loss, 0)).toBeCloseTo(1, 5);
    const weights = byHand.map(({ slopes }) => slopes.map((slope) => -slope));
    await server.api.forwardBackward({ model_id: linear, data: dataOf(weights), loss_fn: 'cross_entropy' });

    // So large an epsilon makes Adam's first step a multiple of the gradient, so that equal steps mean equal gradients.
    const adam_params = { learning_rate: 1, eps: 10, weight_decay: 0 };
    const norms = [];
    for (const model_id of [own, linear]) {
      const { metrics } = await server.api.run<OptimAnswer>('/optim_step', { model_id, adam_params });
      norms.push(metrics);
    }
    expect(norms[0]!.grad_norm! / norms[1]!.grad_norm!).toBeCloseTo(1, 5);
    const [after, expected] = await Promise.all([own, linear].map((model_id) => logprobsOf(model_id)));
    expect(after!.length).toBe(9);
    after!.forEach((value, i) => expect(value).toBeCloseTo(expected![i]!, 4));
    const before = loss_fn_outputs.flatMap(({ logprobs }) => logprobs.data);
    expect(Math.max(...after!.map((value, i) => Math.abs(value - (before[i] ?? value))))).toBeGreaterThan(1e-3);
  });

  async function logprobsOf(model_id: string): Promise<number[]> {
    const data = dataOf(WEIGHTS.map((row) => row.map(() => 1)));
    const { loss_fn_outputs } = await server.api.run<ForwardAnswer>('/fwd', {
      model_id,
      data,
      loss_fn: 'cross_entropy',
    });
    return loss_fn_outputs.flatMap(({ logprobs }) => logprobs.data.map(Number));
  }

  it('check their config like the built-in ones', async () => {
    const body = { model_id: 'x', data: dataOf(WEIGHTS), loss_fn: 'focal', loss_fn_config: { gamma: 0 } };
    const answer = await server.api.post('/fwdbwd', body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('at least 1') as string } },
    });
  });
});

describe('a plugin that steps of the log need', () => {
  it('is asked for when it is gone, and an alarm when its file is another one', async () => {
    const folder = compileExamples();
    const file = path.join(folder, 'focal.loss.mjs');
    const source = readFileSync(file);
    const server = await TestServer.start({ env: { LOSS_PLUGINS: folder, SNAPSHOT_INTERVAL_S: '3600' } });
    const look = async () => {
      const body = { model_id: 'mine', data: dataOf(WEIGHTS), loss_fn: 'cross_entropy' };
      const accepted = await server.api.post<AcceptedAnswer>('/fwd', body);
      return server.api.retrieve<ErrorAnswer & ForwardAnswer>(accepted.body.request_id);
    };
    const divergedAt = async () => (await server.api.get('/adapters/mine')).body['diverged_at_step'];
    const restart = async () => {
      await server.end('SIGKILL');
      await server.launch();
    };
    try {
      await server.api.forwardBackward({ model_id: 'mine', data: dataOf(WEIGHTS), loss_fn: 'focal' });
      const before = (await look()).body.loss_fn_outputs;

      rmSync(file);
      await restart();
      expect(await look()).toMatchObject({
        status: 503,
        body: {
          error: {
            code: 'loss_plugin_missing',
            category: 'server',
            message: expect.stringMatching(/'focal' \(a file with sha256:/) as string,
          },
        },
      });

      writeFileSync(file, source);
      await restart();
      expect((await look()).body.loss_fn_outputs).toEqual(before);
      expect(await divergedAt()).toBeNull();

      writeFileSync(file, `${source.toString()}// another version\n`);
      await restart();
      expect((await look()).body.loss_fn_outputs).toEqual(before);
      expect(await divergedAt()).toBe(1);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a plugin that cannot be used', () => {
  it('stops the start with its file and what to do', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'thinker-plugins-'));
    writeFileSync(path.join(folder, 'broken.mjs'), 'export const nothing = 1;\n');
    await expect(TestServer.start({ env: { LOSS_PLUGINS: folder } })).rejects.toMatchObject({
      cause: {
        message: expect.stringMatching(
          /ended with 1:[^]*Loss plugin \S+broken\.mjs: it does not export a loss\. Export a class that extends LossFunction/,
        ) as string,
      },
    });
    rmSync(folder, { recursive: true, force: true });
  });
});
