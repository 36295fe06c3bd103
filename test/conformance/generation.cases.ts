import { expect } from 'vitest';
import { type GenerateRequest, type ModelTarget, type TokenEvent } from '../../src/compute/compute-backend.js';
import { RandomStream } from '../../src/compute/numerics/random.js';
import { type SampledSequence, type SamplingParams } from '../../src/domain/sampling.js';
import { largestDifference } from '../support/models/reference-fixtures.js';
import {
  adapter,
  base,
  type ConformanceCase,
  digestOf,
  LORA,
  SAMPLING,
  type Subject,
  train,
  withAdapters,
} from './conformance-subject.js';

const PROMPT = Int32Array.of(7, 20, 33, 9);

function requestOf(sampling: Partial<SamplingParams>, count = 1): GenerateRequest {
  return { prompt: PROMPT, count, sampling: { ...SAMPLING, ...sampling } };
}

async function sample(
  { backend }: Subject,
  target: ModelTarget,
  sampling: Partial<SamplingParams>,
  count = 1,
): Promise<readonly SampledSequence[]> {
  return (await backend.generate(target, requestOf(sampling, count))).sequences;
}

/** What forward says of k tokens at each position of `tokens` after the first: [length - 1, k]. */
async function scoresOf({ backend }: Subject, target: ModelTarget, tokens: Int32Array, choices: Int32Array) {
  const rows = { offsets: Int32Array.of(0, tokens.length - 1), trailingShape: [] };
  const target_tokens = { ...rows, data: choices, trailingShape: [choices.length / (tokens.length - 1)] };
  const { logprobs } = await backend.forward(target, {
    batch: { tokens: { data: tokens.slice(0, -1), ...rows }, lossInputs: { target_tokens } },
    loss: { name: 'cross_entropy', config: {} },
    logprobs: 'all',
  });
  return logprobs.data;
}

/** Requests of all kinds, whose prompts begin alike in part. The seed picks them. */
function mixOf(subject: Subject, seed: number): readonly (readonly [ModelTarget, GenerateRequest])[] {
  const random = new RandomStream(seed, 'mix');
  let drawn = 0;
  const below = (bound: number) => Math.floor(random.uniform(drawn++) * bound);
  const targets: readonly ModelTarget[] = [
    base(subject),
    adapter('a'),
    adapter('b'),
    { kind: 'weights', id: 'snapshot' },
  ];
  return Array.from({ length: 14 }, () => {
    const shared = below(40);
    const prompt = Int32Array.from({ length: shared + 1 + below(6) }, (_, i) =>
      i < shared ? 3 + ((i * i * 5) % 80) : 3 + below(80),
    );
    const sampling: Partial<SamplingParams> = {
      seed: below(3),
      maxNewTokens: 1 + below(12),
      temperature: [0, 0.7, 1][below(3)]!,
      topP: [1, 0.9][below(2)]!,
      topK: [0, 20][below(2)]!,
      repetitionPenalty: [1, 1.2][below(2)]!,
      stopTokens: below(3) === 0 ? [10, 40, 70] : [],
      stopStrings: below(3) === 0 ? ['4 ', '77'] : [],
    };
    const asked = [{}, { topPromptTokens: 2 }, { topPromptTokens: 2, topPromptLast: 2 }, { promptAlternatives: 2 }];
    const request = { ...requestOf(sampling, 1 + below(3)), ...asked[below(4)], topSampledTokens: below(3), prompt };
    return [targets[below(4)]!, request];
  });
}

export const GENERATION_CASES: readonly ConformanceCase[] = [
  {
    name: 'the same seed samples the same tokens, another seed others',
    run: async (subject) => {
      const target = base(subject);
      const first = await sample(subject, target, { maxNewTokens: 12 });
      expect(await sample(subject, target, { maxNewTokens: 12 })).toEqual(first);
      const [other] = await sample(subject, target, { maxNewTokens: 12, seed: 4 });
      expect([...other!.tokens]).not.toEqual([...first[0]!.tokens]);
    },
  },
  {
    name: 'a continuation does not depend on how many there are; those of one call differ',
    run: async (subject) => {
      const target = base(subject);
      const [alone] = await sample(subject, target, { maxNewTokens: 12 });
      const four = await sample(subject, target, { maxNewTokens: 12 }, 4);
      expect(four).toHaveLength(4);
      expect([...four[0]!.tokens]).toEqual([...alone!.tokens]);
      expect(largestDifference(four[0]!.logprobs, alone!.logprobs)).toBeLessThan(1e-4);
      expect(new Set(four.map(({ tokens }) => tokens.join())).size).toBe(4);
    },
  },
  {
    name: 'the most likely tokens of the prompt have the log-probs that forward gives them, the most likely first',
    run: async (subject) => {
      const target = base(subject);
      const k = 3;
      const request = { ...requestOf({ maxNewTokens: 4 }), topPromptTokens: k };
      const { sequences, promptTop } = await subject.backend.generate(target, request);
      const [plain] = await sample(subject, target, { maxNewTokens: 4 });
      expect([...sequences[0]!.tokens]).toEqual([...plain!.tokens]);
      // The logits of the whole prompt come from a larger product than those of its last token: rounding differs.
      expect(largestDifference(sequences[0]!.logprobs, plain!.logprobs)).toBeLessThan(1e-4);
      expect(promptTop!.logprobs.slice(0, k)).toEqual(new Float32Array(k).fill(-99_999));
      const logprobs = await scoresOf(subject, target, PROMPT, promptTop!.tokens.slice(k));
      // Two programs, one of them with a cache: equal up to float32 rounding.
      expect(largestDifference(promptTop!.logprobs.slice(k), logprobs)).toBeLessThan(1e-4);
      for (let i = k; i < promptTop!.logprobs.length; i++) {
        if (i % k > 0) expect(promptTop!.logprobs[i]).toBeLessThanOrEqual(promptTop!.logprobs[i - 1]!);
      }
    },
  },
  {
    name: 'the most likely tokens of the last positions only leave the rows before empty',
    run: async (subject) => {
      const request = { ...requestOf({ maxNewTokens: 1 }), topPromptTokens: 2 };
      const { promptTop: all } = await subject.backend.generate(base(subject), request);
      const { promptTop: last } = await subject.backend.generate(base(subject), { ...request, topPromptLast: 1 });
      expect([...last!.logprobs.slice(0, 6)]).toEqual(Array(6).fill(-99_999));
      expect([...last!.tokens.slice(6)]).toEqual([...all!.tokens.slice(6)]);
      expect(largestDifference(last!.logprobs.slice(6), all!.logprobs.slice(6))).toBeLessThan(1e-4);
    },
  },
  {
    name: 'the most likely tokens of continuations have the log-probs that forward gives them; greedy takes the first',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        await train(subject.backend, 'a');
        const k = 3;
        const request = { ...requestOf({ maxNewTokens: 6, temperature: 0 }, 2), topSampledTokens: k };
        const { sequences } = await subject.backend.generate(adapter('a'), request);
        for (const { tokens, logprobs, top } of sequences) {
          expect(top).toMatchObject({ k });
          const all = Int32Array.of(...PROMPT, ...tokens);
          const choices = new Int32Array((all.length - 1) * k);
          choices.set(top!.tokens, (PROMPT.length - 1) * k);
          const scores = await scoresOf(subject, adapter('a'), all, choices);
          expect(largestDifference(top!.logprobs, scores.subarray((PROMPT.length - 1) * k))).toBeLessThan(1e-4);
          // What the fake backend takes is not the most likely.
          if (subject.backend.capabilities.engine === 'fake') continue;
          expect([...tokens]).toEqual([...top!.tokens.filter((_, i) => i % k === 0)]);
          expect([...logprobs]).toEqual([...top!.logprobs.filter((_, i) => i % k === 0)]);
        }
      }),
  },
  {
    name: 'named tokens of the prompt have the log-probs that forward gives them, 0 where none is named',
    run: async (subject) => {
      const target = base(subject);
      const choices = Int32Array.of(1, 2, 20, 4, 5, 33);
      const generate = async (data: Int32Array, offsets: Int32Array) => {
        const promptTargets = { tokens: { data, offsets, trailingShape: [] }, width: 2, columns: null };
        const request = { ...requestOf({ maxNewTokens: 2 }), promptTargets };
        return (await subject.backend.generate(target, request)).promptTargets!;
      };
      const all = await scoresOf(subject, target, PROMPT, choices);
      const dense = await generate(choices, Int32Array.of(0, 2, 4, 6));
      expect(dense.offsets).toEqual(Int32Array.of(0, 2, 4, 6));
      expect(largestDifference(dense.data, all)).toBeLessThan(1e-4);
      const gaps = await generate(Int32Array.of(-1, -1, 20, -1, -1, 33), Int32Array.of(0, 2, 4, 6));
      expect(largestDifference(gaps.data, Float32Array.of(0, 0, all[2]!, 0, 0, all[5]!))).toBeLessThan(1e-4);
      const ragged = await generate(Int32Array.of(4, 33), Int32Array.of(0, 0, 1, 2));
      expect(largestDifference(ragged.data, Float32Array.of(all[3]!, all[5]!))).toBeLessThan(1e-4);
    },
  },
  {
    name: 'alternatives to the prompt have the log-probs that forward gives them, and follow from the seed',
    run: async (subject) => {
      const target = base(subject);
      const generate = async (promptAlternatives: number, sampling: Partial<SamplingParams> = {}) => {
        const request = { ...requestOf({ maxNewTokens: 1, ...sampling }), promptAlternatives, topPromptTokens: 1 };
        const { promptAlternatives: drawn, promptTop } = await subject.backend.generate(target, request);
        return { ...drawn!, best: [...promptTop!.tokens.slice(1)] };
      };
      const five = await generate(5);
      expect(five.tokens).toHaveLength((PROMPT.length - 1) * 5);
      expect(largestDifference(five.logprobs, await scoresOf(subject, target, PROMPT, five.tokens))).toBeLessThan(1e-4);
      expect(new Set(five.tokens).size).toBeGreaterThan(1);
      expect([...(await generate(2)).tokens]).toEqual([...five.tokens.filter((_, i) => i % 5 < 2)]);
      expect([...(await generate(5, { seed: 99 })).tokens]).not.toEqual([...five.tokens]);
      const greedy = await generate(2, { temperature: 0 });
      expect([...greedy.tokens]).toEqual(greedy.best.flatMap((token) => [token, token]));
    },
  },
  {
    name: 'greedy sampling ignores the seed, and all continuations are one',
    run: async (subject) => {
      const [a, b] = await sample(subject, base(subject), { temperature: 0 }, 2);
      const [c] = await sample(subject, base(subject), { temperature: 0, seed: 99 });
      expect([...b!.tokens]).toEqual([...a!.tokens]);
      expect([...c!.tokens]).toEqual([...a!.tokens]);
    },
  },
  {
    name: 'sampling stops at the length asked for, or with a stop token, which is included',
    run: async (subject) => {
      const [full] = await sample(subject, base(subject), {});
      expect(full).toMatchObject({ stopReason: 'length' });
      expect(full!.tokens).toHaveLength(SAMPLING.maxNewTokens);
      expect(full!.logprobs).toHaveLength(SAMPLING.maxNewTokens);
      const stop = full!.tokens[3]!;
      const end = full!.tokens.indexOf(stop) + 1;
      const [stopped] = await sample(subject, base(subject), { stopTokens: [stop] });
      expect(stopped).toMatchObject({ stopReason: 'stop' });
      expect([...stopped!.tokens]).toEqual([...full!.tokens.subarray(0, end)]);
    },
  },
  {
    name: 'a stop string ends the continuation with the token that completes it, also across tokens',
    run: async (subject) => {
      const [full] = await sample(subject, base(subject), { maxNewTokens: 12 });
      // The last two characters before and the first after a border between tokens.
      const texts: string[] = [];
      for (const i of full!.tokens.keys()) texts.push(await subject.textOf(full!.tokens.subarray(0, i + 1)));
      const before = texts[4]!.length;
      const stop = texts[5]!.slice(Math.max(0, before - 2), before + 1);
      const end = texts.findIndex((text) => text.includes(stop)) + 1;
      const [stopped] = await sample(subject, base(subject), { maxNewTokens: 12, stopStrings: ['never said', stop] });
      expect(stopped).toMatchObject({ stopReason: 'stop' });
      expect([...stopped!.tokens]).toEqual([...full!.tokens.subarray(0, end)]);
    },
  },
  {
    name: 'continuations that end at different positions do not disturb each other',
    run: async (subject) => {
      const full = await sample(subject, base(subject), { maxNewTokens: 10 }, 3);
      const stopTokens = [full[1]!.tokens[2]!];
      const stopped = await sample(subject, base(subject), { maxNewTokens: 10, stopTokens }, 3);
      stopped.forEach(({ tokens }, i) => {
        const at = full[i]!.tokens.indexOf(stopTokens[0]!);
        expect([...tokens]).toEqual([...full[i]!.tokens.subarray(0, at < 0 ? 10 : at + 1)]);
      });
      expect(new Set(stopped.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
    },
  },
  {
    name: 'log-probs agree with a forward on the same tokens, of the base and of an adapter',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        await train(subject.backend, 'a');
        for (const target of [base(subject), adapter('a')]) {
          const [drawn] = await sample(subject, target, { maxNewTokens: 20, temperature: 0.8, topP: 0.95 });
          const all = [...PROMPT, ...drawn!.tokens];
          const offsets = Int32Array.of(0, all.length - 1);
          const ragged = (data: Int32Array) => ({ data, offsets, trailingShape: [] });
          const { logprobs } = await subject.backend.forward(target, {
            batch: {
              tokens: ragged(Int32Array.from(all.slice(0, -1))),
              lossInputs: { target_tokens: ragged(Int32Array.from(all.slice(1))) },
            },
            loss: { name: 'cross_entropy', config: {} },
            logprobs: 'all',
          });
          expect(largestDifference(logprobs.data.subarray(PROMPT.length - 1), drawn!.logprobs)).toBeLessThan(1e-4);
        }
      }),
  },
  {
    name: 'every token is told as it is drawn, in order per continuation',
    run: async (subject) => {
      const events: TokenEvent[] = [];
      const request = requestOf({}, 2);
      const { sequences } = await subject.backend.generate(base(subject), request, {
        onToken: (event) => events.push(event),
      });
      sequences.forEach(({ tokens, logprobs }, index) => {
        const own = events.filter((event) => event.index === index);
        expect(own.map(({ token }) => token)).toEqual([...tokens]);
        expect(
          largestDifference(
            own.map(({ logprob }) => logprob),
            logprobs,
          ),
        ).toBeLessThan(1e-6);
      });
      expect(events).toHaveLength(2 * SAMPLING.maxNewTokens);
    },
  },
  {
    name: 'a generation that is given up ends, and the next one runs',
    run: async (subject) => {
      const { backend } = subject;
      const target = base(subject);
      const controller = new AbortController();
      let drawn = 0;
      const onToken = (): void => {
        if (++drawn === 3) controller.abort();
      };
      const request = requestOf({ maxNewTokens: 30 });
      const cancelled = { code: 'cancelled', category: 'user', status: 409 };
      const { signal } = controller;
      await expect(backend.generate(target, request, { onToken, signal })).rejects.toMatchObject(cancelled);
      // The engine may draw a few more until a message has reached its thread.
      expect(drawn).toBeLessThan(15);
      await expect(backend.generate(target, request, { signal })).rejects.toMatchObject(cancelled);
      expect((await backend.generate(target, request)).sequences[0]!.tokens).toHaveLength(30);
    },
  },
  ...[1, 2, 3].map((seed): ConformanceCase => ({
    name: `every generation gets in company what it gets alone, to the bit (mix ${seed})`,
    run: (subject) =>
      withAdapters(subject, { a: {}, b: { rank: 2, targetModules: ['o_proj', 'up_proj'], seed: 5 } }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'a');
        await backend.loadWeights({ id: 'snapshot', baseModel, lora: LORA }, { adapterId: 'a' });
        await train(backend, 'b');
        const mix = mixOf(subject, seed);
        const alone = [];
        for (const [target, request] of mix) alone.push(await backend.generate(target, request));
        const together = await Promise.all(
          mix.map(async ([target, request], i) => {
            for (let turn = 0; turn < (i * seed * 7) % 40; turn++) await new Promise((go) => setImmediate(go));
            return backend.generate(target, request);
          }),
        );
        await backend.dropWeights('snapshot');
        expect(together).toEqual(alone);
      }),
  })),
  {
    name: 'generate changes nothing, and keeps the weights that it began with',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        await train(backend, 'a');
        const before = await digestOf(backend, 'a');
        const alone = await sample(subject, adapter('a'), { temperature: 0, maxNewTokens: 12 });
        expect(await digestOf(backend, 'a')).toBe(before);
        const running = sample(subject, adapter('a'), { temperature: 0, maxNewTokens: 12 });
        await train(backend, 'a');
        expect(await running).toEqual(alone);
      }),
  },
  {
    name: 'stop() lets running calls finish',
    run: async (subject) => {
      const alone = await sample(subject, base(subject), { maxNewTokens: 12 });
      const { baseModel } = subject;
      const backend = await subject.openSmall();
      await backend.createAdapter({ id: 'a', baseModel, lora: LORA });
      const running = backend.generate(base(subject), requestOf({ maxNewTokens: 12 }));
      const pass = train(backend, 'a').then(
        () => 'trained',
        () => 'refused',
      );
      await backend.stop();
      expect((await running).sequences).toEqual(alone);
      expect(['trained', 'refused']).toContain(await pass);
    },
  },
];
