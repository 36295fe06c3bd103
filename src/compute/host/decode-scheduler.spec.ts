import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { StepEngine, type StepEngineOptions } from '../../../test/support/step-engine.js';
import { type SamplingParams } from '../../domain/sampling.js';
import { type GenerateOptions, type GenerateRequest } from '../compute-backend.js';
import { type WeightsRef } from '../model-engine.js';
import { TokenSampler } from '../numerics/token-sampler.js';
import { DecodeScheduler } from './decode-scheduler.js';
import { EngineTurns } from './engine-turns.js';

const BASE: WeightsRef = { kind: 'base', baseModel: FAKE_MODEL.name };
const BYTES_PER_TOKEN = 8;

const SAMPLING: SamplingParams = {
  maxNewTokens: 10,
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  stopTokens: [],
  stopStrings: [],
  seed: 1,
};

interface Options extends StepEngineOptions {
  /** Tokens that fit into the memory for keys and values. */
  readonly tokens?: number;
}

function start({ tokens = 100_000, ...options }: Options = {}) {
  const engine = new StepEngine(options);
  const turns = new EngineTurns(() => engine.time);
  const scheduler = new DecodeScheduler({ engine, turns, memoryBytes: tokens * BYTES_PER_TOKEN });
  const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
  const decode = (ids: ArrayLike<number>) => Promise.resolve(Array.from(ids, (id) => `<${id}>`).join(''));
  const generate = (request: GenerateRequest, callOptions?: GenerateOptions, weights = BASE) =>
    scheduler.generate({ weights, sampler, decode, bytesPerToken: BYTES_PER_TOKEN }, request, callOptions);
  return { engine, turns, scheduler, generate };
}

/** Prompts with equal seeds are equal; others differ from their first token on. */
function prompt(length: number, seed = 1): Int32Array {
  return Int32Array.from({ length }, (_, i) => (seed * 37 + i * i * 7 + i) % 100);
}

function request(
  read: Int32Array,
  sampling: Partial<SamplingParams> = {},
  more: Partial<GenerateRequest> = {},
): GenerateRequest {
  return { prompt: read, count: 1, sampling: { ...SAMPLING, ...sampling }, ...more };
}

/** What a request gets on an engine of its own. */
async function alone(asked: GenerateRequest, weights = BASE) {
  return start().generate(asked, {}, weights);
}

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, i) => make(i));

describe('joining and leaving', () => {
  it('writes all generations in one call per step, whatever they are', async () => {
    const { engine, generate } = start();
    const asked = [
      request(prompt(5, 1), { maxNewTokens: 6 }),
      request(prompt(9, 2), { temperature: 0, maxNewTokens: 4 }, { count: 3 }),
      request(prompt(3, 3), { topP: 0.8, topK: 20, seed: 9, repetitionPenalty: 1.3, maxNewTokens: 6 }),
    ];
    const found = await Promise.all(asked.map((each) => generate(each)));
    // The second one goes on until its fourth token, the others until their sixth.
    const sequences = engine.advances.map((steps) => steps.length);
    expect(sequences).toEqual([3, 5, 5, 5, 2, 2]);
    for (const [i, each] of asked.entries()) expect(found[i]).toEqual(await alone(each));
    expect(engine.openCount).toBe(0);
  });

  it('starts a request at once, and one that comes later with the next step', async () => {
    let late: Promise<unknown> | undefined;
    const { engine, generate } = start({
      onAdvance: (index) => {
        if (index === 3) late = generate(request(prompt(4, 2), { maxNewTokens: 3 }));
      },
    });
    await generate(request(prompt(4), { maxNewTokens: 8 }));
    await late;
    expect(engine.advances.map((steps) => steps.map(({ count }) => count))).toEqual([
      ...[[4], [1], [1], [1]],
      ...[[1, 4], [1, 1], [1, 1], [1]],
    ]);
  });

  it('gives what each gets alone, in any company and order', async () => {
    const shared = prompt(40, 5);
    const adapter: WeightsRef = { kind: 'adapter', id: 'a' };
    const asked = many(30, (i): [GenerateRequest, WeightsRef] => {
      const own = i % 3 === 0 ? shared : Int32Array.of(...shared.subarray(0, (i * 7) % 40), ...prompt(1 + (i % 5), i));
      const sampling = { seed: i % 4, maxNewTokens: 1 + ((i * 5) % 13), stopTokens: i % 7 === 0 ? [3, 50, 80] : [] };
      const scored = i % 4 === 1 ? { topPromptTokens: 2, topPromptLast: 3 } : {};
      return [request(own, sampling, { count: 1 + (i % 3), ...scored }), i % 5 === 0 ? adapter : BASE];
    });
    const { engine, generate } = start({ tokens: 900 });
    const found = await Promise.all(
      asked.map(async ([each, weights], i) => {
        for (let turn = 0; turn < (i * 11) % 17; turn++) await new Promise((resolve) => setImmediate(resolve));
        return generate(each, { owner: `o${i % 3}` }, weights);
      }),
    );
    for (const [i, [each, weights]] of asked.entries()) expect(found[i]).toEqual(await alone(each, weights));
    expect(engine.tokensRead).toBeLessThan(
      asked.reduce((sum, [{ prompt: read }]) => sum + read.length, 0) + 30 * 3 * 13,
    );
  });
});

describe('reading prompts', () => {
  it('reads a long prompt in pieces between the tokens of others', async () => {
    const { engine, generate } = start();
    const writing = generate(request(prompt(4), { maxNewTokens: 30 }));
    await generate(request(prompt(1000, 2), { maxNewTokens: 1 }));
    await writing;
    const largest = Math.max(...engine.advances.slice(1).flatMap((steps) => steps.map(({ count }) => count)));
    expect(largest).toBeLessThanOrEqual(128);
    // A token of the other one comes with every piece.
    const reading = engine.advances.slice(1).filter((steps) => steps.some(({ count }) => count > 4));
    for (const steps of reading) expect(steps.filter(({ count }) => count === 1)).toHaveLength(1);
  });

  it('reads larger pieces when nobody waits for the next token', async () => {
    const { engine, generate } = start();
    await generate(request(prompt(1000), { maxNewTokens: 1 }));
    expect(engine.advances.map(([only]) => only!.count)).toEqual([512, 488]);
  });

  it('tells the first token of a short prompt within three steps, p95, while a long one is read and 16 decode', async () => {
    const duration: StepEngineOptions['duration'] = (steps) =>
      20 + steps.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const delays: number[] = [];
    const short: Promise<unknown>[] = [];
    const { engine, generate } = start({
      duration,
      onAdvance: (index) => {
        if (index < 5 || index % 2 !== 0 || short.length === 20) return;
        const came = engine.time;
        const onToken = () => delays.push(engine.time - came);
        short.push(generate(request(prompt(20, index), { maxNewTokens: 1 }), { onToken }));
      },
    });
    const decoding = many(16, (i) => generate(request(prompt(10, 100 + i), { maxNewTokens: 60 })));
    const long = generate(request(prompt(1500, 77), { maxNewTokens: 1 }));
    await Promise.all([...decoding, long]);
    await Promise.all(short);
    const step = duration(many(17, (i) => ({ sequence: i, tokens: new Int32Array(i === 16 ? 128 : 1) })));
    delays.sort((a, b) => a - b);
    expect(delays).toHaveLength(20);
    expect(delays[Math.ceil(0.95 * delays.length) - 1]! / step).toBeLessThanOrEqual(3);
  });

  it('goes on with a long prompt however many short ones come', async () => {
    let left = 60;
    const { engine, generate } = start({
      onAdvance: () => {
        // As much as a step can read, again and again.
        if (left-- > 0)
          for (let i = 0; i < 8; i++) void generate(request(prompt(15, left * 8 + i), { maxNewTokens: 2 }));
      },
    });
    const first = generate(request(prompt(4), { maxNewTokens: 100 }));
    await generate(request(prompt(1500, 9), { maxNewTokens: 1 }));
    expect(left).toBeGreaterThan(0);
    expect(engine.advances.length).toBeLessThan(50);
    left = 0;
    await first;
  });

  it('asks for the rows of scored places only, and scores as alone', async () => {
    const promptTargets = {
      tokens: {
        data: Int32Array.of(4, 9),
        offsets: many(201, (i) => (i > 150 ? 1 : 0) + (i > 180 ? 1 : 0)),
        trailingShape: [],
      },
      width: 1,
      columns: null,
    };
    const asked = request(
      prompt(201),
      {},
      {
        promptTargets: {
          ...promptTargets,
          tokens: { ...promptTargets.tokens, offsets: Int32Array.from(promptTargets.tokens.offsets) },
        },
      },
    );
    const { engine, generate } = start();
    const found = await generate(asked);
    expect(engine.advances.slice(0, 2).map(([only]) => only!.count)).toEqual([150, 51]);
    const again = await generate(asked);
    expect(again).toEqual(found);
    // The part before the scored places came from the first one.
    expect(engine.advances[2 + 9]!.map(({ count }) => count)).toEqual([51]);
  });

  it('asks for few rows at a time, however many prompts are scored', async () => {
    const { engine, generate } = start();
    const asked = many(4, (i) => request(prompt(150, i), { maxNewTokens: 1 }, { topPromptTokens: 1 }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[3]).toEqual(await alone(asked[3]!));
    const rows = engine.advances.map((steps) => steps.reduce((sum, step) => sum + step.rows, 0));
    expect(Math.max(...rows)).toBe(64);
  });
});

describe('prompts with the same beginning', () => {
  it('are read once, also those that come while it is being read', async () => {
    const { engine, generate } = start();
    const asked = many(20, (i) => request(prompt(400), { seed: i, maxNewTokens: 3 }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[7]).toEqual(await alone(asked[7]!));
    // The prompt once, the last token of it for each of the others, and two tokens more for each.
    expect(engine.tokensRead).toBe(400 + 19 + 20 * 2);
  });

  it('go on from there when they differ later', async () => {
    const { engine, generate } = start();
    const shared = prompt(100);
    const asked = many(3, (i) => request(Int32Array.of(...shared, ...prompt(10, 50 + i)), { maxNewTokens: 1 }));
    for (const each of asked) expect(await generate(each)).toEqual(await alone(each));
    expect(engine.tokensRead).toBe(110 + 10 + 10);
  });

  it('go on from what was written, too', async () => {
    const { engine, generate } = start();
    const first = await generate(request(prompt(32), { maxNewTokens: 17 }));
    const next = Int32Array.of(...prompt(32), ...first.sequences[0]!.tokens, 5, 6);
    const before = engine.tokensRead;
    expect(await generate(request(next, { maxNewTokens: 1 }))).toEqual(await alone(request(next, { maxNewTokens: 1 })));
    // The token drawn last was not read.
    expect(engine.tokensRead - before).toBe(3);
  });

  it('are not taken for each other with other weights', async () => {
    const { engine, generate, scheduler } = start();
    const asked = request(prompt(64), { maxNewTokens: 1 });
    const a: WeightsRef = { kind: 'adapter', id: 'a' };
    for (const weights of [BASE, a, { kind: 'weights', id: 'a' } as const]) {
      expect(await generate(asked, {}, weights)).toEqual(await alone(asked, weights));
    }
    expect(engine.tokensRead).toBe(3 * 64);
    await scheduler.versions.change({ kind: 'adapter', id: 'a' }, async () => {
      await generate(asked, {}, a);
      await generate(asked, {}, a);
    });
    expect(engine.tokensRead).toBe(5 * 64);
    await generate(asked, {}, a);
    expect(engine.tokensRead).toBe(6 * 64);
    await generate(asked, {}, a);
    expect(engine.tokensRead).toBe(6 * 64 + 1);
    // What was read with weights that are no more is not kept.
    expect(engine.openCount).toBe(3);
  });

  it('are not taken for each other when the weights change before they are read', async () => {
    const { engine, generate, scheduler, turns } = start();
    const a: WeightsRef = { kind: 'adapter', id: 'a' };
    let finish = (): void => undefined;
    const training = turns.training(() => new Promise<void>((resolve) => (finish = resolve)));
    const before = generate(request(prompt(64), { maxNewTokens: 1 }), {}, a);
    await scheduler.versions.change({ kind: 'adapter', id: 'a' }, () => Promise.resolve());
    const after = generate(request(prompt(64), { maxNewTokens: 1 }), {}, a);
    finish();
    await Promise.all([training, before, after]);
    expect(engine.tokensRead).toBe(2 * 64);
  });

  it('are copied a few at a time, so that others do not wait for many copies', async () => {
    const { engine, generate } = start();
    const asked = many(30, (i) => request(prompt(1000), { maxNewTokens: 1, seed: i }));
    await Promise.all(asked.map((each) => generate(each)));
    const joined = engine.advances.map((steps) => steps.length);
    expect(Math.max(...joined)).toBeLessThanOrEqual(6);
  });

  it('are read by the next one when the one that reads them is given up', async () => {
    const controller = new AbortController();
    const { engine, generate } = start({ onAdvance: (index) => (index === 1 ? controller.abort() : undefined) });
    const writing = generate(request(prompt(4, 3), { maxNewTokens: 20 }));
    const first = generate(request(prompt(400)), { signal: controller.signal });
    const second = generate(request(prompt(400)));
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(await second).toEqual(await alone(request(prompt(400))));
    await writing;
    expect(engine.heldSequences).toBe(1);
  });

  it('are kept within the memory that open generations leave over, the least recently used go first', async () => {
    const { engine, generate } = start({ tokens: 400 });
    const ask = (seed: number) => generate(request(prompt(100, seed), { maxNewTokens: 1 }));
    for (const seed of [1, 2, 3]) await ask(seed);
    expect(engine.heldTokens).toBe(300);
    await ask(1);
    await ask(4);
    expect(engine.heldTokens).toBeLessThanOrEqual(400);
    const before = engine.tokensRead;
    await ask(1);
    expect(engine.tokensRead - before).toBe(1);
    await ask(2);
    expect(engine.tokensRead - before).toBe(101);
    expect(engine.peakTokens).toBeLessThanOrEqual(400);
  });

  it('are read anew by an engine whose numbers depend on company', async () => {
    const { engine, generate } = start({ batching: 'off' });
    const writing = generate(request(prompt(4, 3), { maxNewTokens: 20 }));
    await Promise.all(many(2, () => generate(request(prompt(600), { maxNewTokens: 1 }))));
    await writing;
    const pieces = engine.advances.flatMap((steps) => steps.map(({ count }) => count)).filter((count) => count > 4);
    expect(pieces).toEqual([512, 512, 88, 88]);
    expect(engine.openCount).toBe(0);
  });
});

describe('memory', () => {
  it('lets requests wait, oldest first, and runs one alone that is larger than all of it', async () => {
    const { engine, generate } = start({ tokens: 100 });
    const ended: number[] = [];
    const asked = [60, 200, 30, 30].map((length, i) => {
      const onToken = () => ended.push(i);
      return generate(request(prompt(length, i), { maxNewTokens: 1 }), { onToken });
    });
    await Promise.all(asked);
    expect(ended).toEqual([0, 1, 2, 3]);
    expect(engine.peakTokens).toBe(200);
  });

  it('keeps nothing of a request that is larger than all of it', async () => {
    const { engine, generate } = start({ tokens: 100 });
    await generate(request(prompt(200), { maxNewTokens: 1 }));
    expect(engine.openCount).toBe(0);
  });

  // By tokens that fit: continuations at a time beside the prompt, each of which holds up to 20.
  it.each([
    [70, 2],
    [15, 1],
  ])('writes continuations one after another where they do not fit together (%i)', async (tokens, atOnce) => {
    const { engine, generate } = start({ tokens });
    const asked = request(prompt(10), { maxNewTokens: 10 }, { count: 8 });
    expect(await generate(asked)).toEqual(await alone(asked));
    // The prompt is held until the last one has begun.
    expect(engine.peakTokens).toBeLessThanOrEqual((atOnce + 1) * 20);
    expect(engine.advances.length).toBeLessThanOrEqual(1 + Math.ceil(7 / atOnce + 1) * 9);
    expect(engine.openCount).toBe(0);
  });

  it('pauses the younger ones that outgrow it, and finishes all', async () => {
    const { engine, generate } = start({ tokens: 1200 });
    const asked = many(4, (i) => request(prompt(10, i), { maxNewTokens: 700, seed: i }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[3]).toEqual(await alone(asked[3]!));
    expect(engine.peakTokens).toBeLessThanOrEqual(1200 + 700);
    const sizes = engine.advances.map((steps) => steps.length);
    expect(Math.max(...sizes)).toBe(4);
    expect(sizes).toContain(1);
  });

  it('goes to the owner who holds least, so that nobody waits for all that another one has sent', async () => {
    const { generate } = start({ tokens: 100 });
    const ended: string[] = [];
    const ask = (owner: string, seed: number) =>
      generate(request(prompt(30, seed), { maxNewTokens: 5 }), { owner }).then(() => ended.push(owner));
    const all = [...many(9, (i) => ask('many', i)), ask('one', 50)];
    await Promise.all(all);
    expect(ended.indexOf('one')).toBeLessThan(4);
  });
});

describe('ending early', () => {
  it.each([
    ['while its prompt is read', 1, 1000],
    ['while it is written', 5, 4],
  ])('frees what a request holds when it is given up %s', async (_, at, length) => {
    const controller = new AbortController();
    let heldAfter = -1;
    const { engine, generate } = start({
      onAdvance: (index) => {
        if (index === at) controller.abort();
        if (index === at + 1) heldAfter = engine.heldSequences;
      },
    });
    const other = request(prompt(6, 2), { maxNewTokens: 20 });
    const going = generate(other);
    const given = generate(request(prompt(length), { maxNewTokens: 50 }, { count: 3 }), { signal: controller.signal });
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    expect(await going).toEqual(await alone(other));
    expect(heldAfter).toBe(1);
    expect(engine.openCount).toBe(0);
  });

  it('frees a request that is given up while it waits for memory or for its turn', async () => {
    const { engine, generate, turns } = start({ tokens: 50 });
    const controller = new AbortController();
    let finish = (): void => undefined;
    const training = turns.training(() => new Promise<void>((resolve) => (finish = resolve)));
    const first = generate(request(prompt(30), { maxNewTokens: 5 }));
    const waiting = generate(request(prompt(40, 2)), { signal: controller.signal });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    // The engine is busy with something else all the while.
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    finish();
    await training;
    await first;
    expect(engine.heldSequences).toBe(1);
    await expect(generate(request(prompt(3)), { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('draws nothing more once a listener has given the request up', async () => {
    const { generate } = start();
    const controller = new AbortController();
    const seen: number[] = [];
    const onToken = ({ index }: { index: number }): void => {
      seen.push(index);
      controller.abort();
    };
    const given = generate(request(prompt(4), {}, { count: 3 }), { onToken, signal: controller.signal });
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen).toEqual([0]);
  });

  it('is the fate of one request only when its listener throws', async () => {
    const { engine, generate } = start();
    const onToken = ({ index }: { index: number }): void => {
      if (index === 1) throw new Error('nobody listens');
    };
    const broken = generate(request(prompt(4), {}, { count: 2 }), { onToken });
    const other = generate(request(prompt(5, 2)));
    await expect(broken).rejects.toThrow('nobody listens');
    expect(await other).toEqual(await alone(request(prompt(5, 2))));
    expect(engine.openCount).toBe(0);
  });

  it.each(['at once', 'later'])('is the fate of one request only when the tokenizer fails %s', async (when) => {
    const { engine, scheduler, generate } = start();
    const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
    let calls = 0;
    const decode = async () => {
      if (when === 'at once' || ++calls > 4) throw new Error('no text');
      return '';
    };
    const model = { weights: BASE, sampler, decode, bytesPerToken: 1 };
    const broken = scheduler.generate(model, request(prompt(4), { stopStrings: ['x'] }));
    const other = generate(request(prompt(5, 2)));
    await expect(broken).rejects.toThrow('no text');
    expect(await other).toEqual(await alone(request(prompt(5, 2))));
    expect(engine.openCount).toBe(0);
  });

  it('is the fate of those only for which the engine fails', async () => {
    const poison = prompt(4, 7);
    const { engine, generate } = start({
      fault: (held) => {
        if (held.some((tokens) => tokens.length > 6 && poison.every((token, i) => tokens[i] === token))) {
          throw new Error('no memory for that');
        }
      },
    });
    const asked = many(4, (i) => request(prompt(20 + i, 20 + i), { seed: i }, { count: 1 + (i % 2) }));
    const others = asked.map((each) => generate(each));
    await expect(generate(request(poison))).rejects.toThrow('no memory for that');
    const found = await Promise.all(others);
    for (const [i, each] of asked.entries()) expect(found[i]).toEqual(await alone(each));
    // What the engine holds after that is what it is thought to hold.
    expect(await generate(asked[2]!)).toEqual(found[2]);
    expect(engine.heldSequences).toBe(4);
  });

  it('is the fate of all when the engine is gone, and of none that come after it is back', async () => {
    let gone = true;
    const { engine, generate } = start({
      fault: () => {
        if (gone) throw new Error('the engine is gone');
      },
    });
    const all = many(3, (i) => generate(request(prompt(4, i))));
    for (const each of all) await expect(each).rejects.toThrow('the engine is gone');
    gone = false;
    expect(await generate(request(prompt(4)))).toEqual(await alone(request(prompt(4))));
    expect(engine.openCount).toBe(0);
  });
});

describe('turns with training', () => {
  it('takes half of the engine beside passes that go on and on, though it takes time to decode text', async () => {
    const { engine, turns, scheduler } = start({ duration: () => 10 });
    const decode = async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return '';
    };
    const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
    const model = { weights: BASE, sampler, decode, bytesPerToken: 1 };
    let training = 0;
    const trainedBefore: number[] = [];
    let writing = true;
    const train = async () => {
      while (writing) {
        await turns.training(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          engine.time += 90;
          training += 90;
        });
      }
    };
    const trained = train();
    await scheduler.generate(model, request(prompt(4), { maxNewTokens: 201, stopStrings: ['x'] }), {
      onToken: () => trainedBefore.push(training),
    });
    writing = false;
    await trained;
    const share = (trainedBefore.at(-1)! - trainedBefore[0]!) / 2000;
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(1.1);
  });
});

it('frees what it kept for later when it stops', async () => {
  const { engine, generate, scheduler } = start();
  await generate(request(prompt(100)));
  expect(engine.openCount).toBe(1);
  scheduler.stop();
  expect(engine.openCount).toBe(0);
});
