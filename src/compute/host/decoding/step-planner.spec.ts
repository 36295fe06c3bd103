import { describe, expect, it } from 'vitest';
import {
  alone,
  BASE,
  many,
  prompt,
  request,
  startScheduler,
} from '../../../../test/support/engines/scheduler-world.js';
import { type StepEngineOptions } from '../../../../test/support/engines/step-engine.js';
import { type WeightsRef } from '../../model-engine.js';

describe('reading prompts', () => {
  it('reads a long prompt in pieces between the tokens of others', async () => {
    const { engine, generate } = startScheduler();
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
    const { engine, generate } = startScheduler();
    await generate(request(prompt(1000), { maxNewTokens: 1 }));
    expect(engine.advances.map(([only]) => only!.count)).toEqual([512, 488]);
  });

  it('reads larger pieces while fewer write than read, so that no step is made for few tokens', async () => {
    const { engine, generate } = startScheduler();
    await Promise.all(many(16, (i) => generate(request(prompt(60, i), { maxNewTokens: 20 }))));
    const read = engine.advances.map((steps) => steps.reduce((sum, { count }) => sum + (count > 1 ? count : 0), 0));
    // 960 tokens: the first 512 at once; then 8 write, and as many read.
    expect(read.slice(0, 5)).toEqual([512, 128, 128, 128, 64]);
  });

  it('tells the first token of a short prompt within three steps, p95, while a long one is read and 16 decode', async () => {
    const duration: StepEngineOptions['duration'] = (steps) =>
      20 + steps.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const delays: number[] = [];
    const short: Promise<unknown>[] = [];
    const { engine, generate } = startScheduler({
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
    const { engine, generate } = startScheduler({
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

  it('asks for the rows of scored positions only, and scores as alone', async () => {
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
    const { engine, generate } = startScheduler();
    const found = await generate(asked);
    expect(engine.advances.slice(0, 2).map(([only]) => only!.count)).toEqual([150, 51]);
    const again = await generate(asked);
    expect(again).toEqual(found);
    // The part before the scored positions came from the first one.
    expect(engine.advances[2 + 9]!.map(({ count }) => count)).toEqual([51]);
  });

  it('asks for few rows at a time, however many prompts are scored', async () => {
    const { engine, generate } = startScheduler();
    const asked = many(4, (i) => request(prompt(150, i), { maxNewTokens: 1 }, { topPromptTokens: 1 }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[3]).toEqual(await alone(asked[3]!));
    const rows = engine.advances.map((steps) => steps.reduce((sum, step) => sum + step.rows, 0));
    expect(Math.max(...rows)).toBe(64);
  });
});

describe('prompts with the same beginning', () => {
  it('are read once, also those that come while it is being read', async () => {
    const { engine, generate } = startScheduler();
    const asked = many(20, (i) => request(prompt(400), { seed: i, maxNewTokens: 3 }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[7]).toEqual(await alone(asked[7]!));
    // The prompt once, the last token of it for each of the others, and two tokens more for each.
    expect(engine.tokensRead).toBe(400 + 19 + 20 * 2);
  });

  it('go on from there when they differ later', async () => {
    const { engine, generate } = startScheduler();
    const shared = prompt(100);
    const asked = many(3, (i) => request(Int32Array.of(...shared, ...prompt(10, 50 + i)), { maxNewTokens: 1 }));
    for (const each of asked) expect(await generate(each)).toEqual(await alone(each));
    expect(engine.tokensRead).toBe(110 + 10 + 10);
  });

  it('go on from what was written, too', async () => {
    const { engine, generate } = startScheduler();
    const first = await generate(request(prompt(32), { maxNewTokens: 17 }));
    const next = Int32Array.of(...prompt(32), ...first.sequences[0]!.tokens, 5, 6);
    const before = engine.tokensRead;
    expect(await generate(request(next, { maxNewTokens: 1 }))).toEqual(await alone(request(next, { maxNewTokens: 1 })));
    // The token drawn last was not read.
    expect(engine.tokensRead - before).toBe(3);
  });

  it('are not taken for each other with other weights', async () => {
    const { engine, generate, scheduler } = startScheduler();
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
    const { engine, generate, scheduler, turns } = startScheduler();
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
    const { engine, generate } = startScheduler();
    const asked = many(30, (i) => request(prompt(1000), { maxNewTokens: 1, seed: i }));
    await Promise.all(asked.map((each) => generate(each)));
    const joined = engine.advances.map((steps) => steps.length);
    expect(Math.max(...joined)).toBeLessThanOrEqual(6);
  });

  it('are read by the next one when the one that reads them is given up', async () => {
    const controller = new AbortController();
    const { engine, generate } = startScheduler({
      onAdvance: (index) => (index === 1 ? controller.abort() : undefined),
    });
    const writing = generate(request(prompt(4, 3), { maxNewTokens: 20 }));
    const first = generate(request(prompt(1500)), { signal: controller.signal });
    const second = generate(request(prompt(1500)));
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(await second).toEqual(await alone(request(prompt(1500))));
    await writing;
    expect(engine.heldSequences).toBe(1);
  });

  it('are kept within the memory that open generations leave over, the least recently used go first', async () => {
    const { engine, generate } = startScheduler({ tokens: 400 });
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

  it('are kept within a limit of their own, and not shared at all where it is 0', async () => {
    const asked = request(prompt(100), { maxNewTokens: 1 });
    const small = startScheduler({ keptTokens: 150 });
    await small.generate(request(prompt(100, 2), { maxNewTokens: 1 }));
    await small.generate(asked);
    expect(small.engine.heldTokens).toBe(100);
    const none = startScheduler({ keptTokens: 0 });
    await Promise.all(many(3, () => none.generate(asked)));
    expect(none.engine.tokensRead).toBe(300);
    expect(none.engine.openCount).toBe(0);
  });

  it('are read anew by an engine whose numbers depend on company', async () => {
    const { engine, generate } = startScheduler({ batching: 'off' });
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
    const { engine, generate } = startScheduler({ tokens: 100 });
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
    const { engine, generate } = startScheduler({ tokens: 100 });
    await generate(request(prompt(200), { maxNewTokens: 1 }));
    expect(engine.openCount).toBe(0);
  });

  // By tokens that fit: continuations at a time beside the prompt, each of which holds up to 20.
  it.each([
    [70, 2],
    [15, 1],
  ])('writes continuations one after another where they do not fit together (%i)', async (tokens, atOnce) => {
    const { engine, generate } = startScheduler({ tokens });
    const asked = request(prompt(10), { maxNewTokens: 10 }, { count: 8 });
    expect(await generate(asked)).toEqual(await alone(asked));
    // The prompt is held until the last one has begun.
    expect(engine.peakTokens).toBeLessThanOrEqual((atOnce + 1) * 20);
    expect(engine.advances.length).toBeLessThanOrEqual(1 + Math.ceil(7 / atOnce + 1) * 9);
    expect(engine.openCount).toBe(0);
  });

  it('pauses the younger ones that outgrow it, and finishes all', async () => {
    const { engine, generate } = startScheduler({ tokens: 1200 });
    const asked = many(4, (i) => request(prompt(10, i), { maxNewTokens: 700, seed: i }));
    const found = await Promise.all(asked.map((each) => generate(each)));
    expect(found[3]).toEqual(await alone(asked[3]!));
    expect(engine.peakTokens).toBeLessThanOrEqual(1200 + 700);
    const sizes = engine.advances.map((steps) => steps.length);
    expect(Math.max(...sizes)).toBe(4);
    expect(sizes).toContain(1);
  });

  it('goes to the owner who holds least, so that nobody waits for all that another one has sent', async () => {
    const { generate } = startScheduler({ tokens: 100 });
    const ended: string[] = [];
    const ask = (owner: string, seed: number) =>
      generate(request(prompt(30, seed), { maxNewTokens: 5 }), { owner }).then(() => ended.push(owner));
    const all = [...many(9, (i) => ask('many', i)), ask('one', 50)];
    await Promise.all(all);
    expect(ended.indexOf('one')).toBeLessThan(4);
  });
});
