import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReferenceEngine } from '../../../../test/support/engines/reference-engine.js';
import { largestDifference } from '../../../../test/support/models/reference-fixtures.js';
import { type ForwardRequest, type GenerateRequest } from '../../compute-backend.js';
import { OnnxRuntimeExecutor } from '../../onnxruntime/onnxruntime-executor.js';
import { type HostBackend } from '../host-backend.js';

/** Long generations: the cache grows, prompts come in pieces, and tables are made anew. */
const MODEL = 'llama';
const TARGET = { kind: 'base', baseModel: MODEL } as const;
const VOCABULARY = 160;

let engine: HostBackend;
let stop: () => Promise<void>;
beforeAll(async () => {
  const started = await startReferenceEngine(new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 }), [MODEL]);
  engine = started.engine;
  stop = () => started.stop();
});
afterAll(() => stop());

const prompt = (length: number) => Int32Array.from({ length }, (_, i) => (i * i * 5 + 3 * i + 1) % VOCABULARY);

function request(promptLength: number, maxNewTokens: number, more: Partial<GenerateRequest['sampling']> = {}) {
  const defaults = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, stopTokens: [], stopStrings: [] };
  return { prompt: prompt(promptLength), count: 2, sampling: { ...defaults, seed: 8, maxNewTokens, ...more } };
}

/** Log-probs of the tokens after the prompt, from one forward over everything. */
async function reread(before: Int32Array, generated: Int32Array): Promise<Float32Array> {
  const all = Int32Array.of(...before, ...generated);
  const offsets = Int32Array.of(0, all.length - 1);
  const ragged = (data: Int32Array) => ({ data, offsets, trailingShape: [] });
  const forward: ForwardRequest = {
    batch: { tokens: ragged(all.slice(0, -1)), lossInputs: { target_tokens: ragged(all.slice(1)) } },
    loss: { name: 'cross_entropy', config: {} },
    logprobs: 'all',
  };
  return (await engine.forward(TARGET, forward)).logprobs.data.subarray(before.length - 1);
}

describe('generation', () => {
  // [prompt, new tokens]: over the first 128 positions one by one, a prompt that fills them, prompts in several pieces.
  it.each([
    [3, 300],
    [128, 5],
    [511, 3],
    [512, 3],
    [513, 3],
    [1100, 4],
  ])(
    'after a prompt of %i tokens, %i tokens have the log-probs of a forward over everything',
    async (before, after) => {
      const { prompt: read, ...rest } = request(before, after);
      const { sequences } = await engine.generate(TARGET, { prompt: read, ...rest });
      for (const { tokens, logprobs } of sequences) {
        expect(tokens).toHaveLength(after);
        expect(largestDifference(logprobs, await reread(read, tokens))).toBeLessThan(1e-4);
      }
    },
  );

  // Positions at and beside the borders between the pieces in which a prompt is read.
  it.each([1, 64, 65, 300, 512, 513, 577, 699])(
    'scores a token named for position %i of a long prompt',
    async (position) => {
      const { prompt: read, ...rest } = request(700, 1);
      const offsets = Int32Array.from(read, (_, i) => (i >= position ? 1 : 0));
      const tokens = { data: read.slice(position, position + 1), offsets, trailingShape: [] };
      const promptTargets = { tokens, width: 1, columns: null };
      const result = await engine.generate(TARGET, { prompt: read, ...rest, promptTargets });
      const whole = await reread(read.slice(0, 1), read.slice(1));
      expect(result.promptTargets!.data).toHaveLength(1);
      expect(result.promptTargets!.data[0]).toBeCloseTo(whole[position - 1]!, 4);
    },
  );

  it('a repetition penalty counts prompt and generated tokens', async () => {
    const greedy = { temperature: 0, repetitionPenalty: 1e6 };
    const { sequences } = await engine.generate(TARGET, request(20, 60, greedy));
    const all = [...prompt(20), ...sequences[0]!.tokens];
    const positive = new Set(all).size;
    // With such a penalty no token comes twice while there are others with a logit above the penalised ones.
    expect(new Set(sequences[0]!.tokens).size).toBe(60);
    expect(positive).toBe(new Set(prompt(20)).size + 60);
  });

  it('runs side by side with others without a mix-up', async () => {
    const alone = [await engine.generate(TARGET, request(5, 20)), await engine.generate(TARGET, request(9, 15))];
    const together = await Promise.all([
      engine.generate(TARGET, request(5, 20)),
      engine.generate(TARGET, request(9, 15)),
    ]);
    expect(together).toEqual(alone);
  });
});
