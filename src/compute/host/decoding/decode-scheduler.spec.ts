import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import {
  alone,
  BASE,
  many,
  prompt,
  request,
  startScheduler,
} from '../../../../test/support/engines/scheduler-world.js';
import { NO_TARGET } from '../../../domain/prompt-targets.js';
import { type GenerateRequest } from '../../compute-backend.js';
import { GrammarEngine, GrammarState } from '../../../grammars/engine/grammar-engine.js';
import { type WeightsRef } from '../../model-engine.js';
import { TokenSampler } from '../../numerics/token-sampler.js';

describe('joining and leaving', () => {
  it('writes all generations in one call per step, whatever they are', async () => {
    const { engine, generate } = startScheduler();
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

  it('takes the draws of an engine that makes them: the same tokens and log-probs as from rows', async () => {
    const { engine, generate } = startScheduler({ draws: true });
    const plain = [
      request(prompt(5, 1), { maxNewTokens: 6 }, { count: 3 }),
      request(prompt(9, 2), { temperature: 0.6, seed: 4, maxNewTokens: 9 }),
      request(prompt(700, 3), { temperature: 0, topP: 0.5, topK: 3, maxNewTokens: 4 }, { count: 2 }),
    ];
    for (const each of plain) expect(await generate(each)).toEqual(await alone(each));
    expect(engine.drawn).toBe(3 * 6 + 9 + 2 * 4);
    const shaped: readonly Partial<GenerateRequest['sampling']>[] = [
      { topP: 0.9 },
      { topK: 7 },
      { minP: 0.1 },
      { repetitionPenalty: 1.2 },
      { presencePenalty: 0.5 },
      { frequencyPenalty: 0.5 },
      { logitBias: [[3, 5]] },
      { temperature: 0, repetitionPenalty: 1.2 },
    ];
    const others = shaped.map((sampling) => request(prompt(5), { maxNewTokens: 5, ...sampling }));
    others.push(request(prompt(5), { maxNewTokens: 5 }, { topSampledTokens: 2 }));
    for (const each of others) expect(await generate(each)).toEqual(await alone(each));
    expect(engine.drawn).toBe(3 * 6 + 9 + 2 * 4);
  });

  it('takes the named logits of an engine that gives no more: the same log-probs as from rows, with draws beside them', async () => {
    const { engine, generate } = startScheduler({ draws: true });
    const data = Int32Array.from({ length: 1400 }, (_, i) => (i % 5 === 0 ? NO_TARGET : i % 50));
    const offsets = Int32Array.from({ length: 701 }, (_, i) => 2 * i);
    const promptTargets = { tokens: { data, offsets, trailingShape: [] }, width: 2, columns: null };
    for (const extra of [{ count: 2 }, { topSampledTokens: 2 }, { topPromptTokens: 3 }, { promptAlternatives: 2 }]) {
      const each = request(prompt(701, 5), { maxNewTokens: 3 }, { promptTargets, ...extra });
      expect(await generate(each)).toEqual(await alone(each));
    }
    // Whole rows are taken for the draws where more of the prompt is asked for.
    expect(engine.drawn).toBe(2 * 3 + 2 * 2);
  });

  it('starts a request at once, and one that comes later with the next step', async () => {
    let late: Promise<unknown> | undefined;
    const { engine, generate } = startScheduler({
      onAdvance: (index) => {
        if (index === 3) late = generate(request(prompt(4, 2), { maxNewTokens: 3 }));
      },
    });
    await generate(request(prompt(4), { maxNewTokens: 8 }));
    await late;
    const counts = engine.advances.map((steps) => steps.map(({ count }) => count).join());
    expect(counts).toEqual(['4', '1', '1', '1', '1,4', '1,1', '1,1', '1']);
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
    const { engine, generate } = startScheduler({ tokens: 900 });
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

describe('ending early', () => {
  it.each([
    ['while its prompt is read', 1, 1000],
    ['while it is written', 5, 4],
  ])('frees what a request holds when it is given up %s', async (_, at, length) => {
    const controller = new AbortController();
    let heldAfter = -1;
    const { engine, generate } = startScheduler({
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
    const { engine, generate, turns } = startScheduler({ tokens: 50 });
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
    const { generate } = startScheduler();
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
    const { engine, generate } = startScheduler();
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
    const { engine, scheduler, generate } = startScheduler();
    const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
    let calls = 0;
    const decode = async () => {
      if (when === 'at once' || ++calls > 4) throw new Error('no text');
      return '';
    };
    const model = { weights: BASE, sampler, decode, bytesPerToken: 1, openGrammar: () => Promise.resolve([]) };
    const broken = scheduler.generate(model, request(prompt(4), { stopStrings: ['x'] }));
    const other = generate(request(prompt(5, 2)));
    await expect(broken).rejects.toThrow('no text');
    expect(await other).toEqual(await alone(request(prompt(5, 2))));
    expect(engine.openCount).toBe(0);
  });

  it('is the fate of those only for which the engine fails', async () => {
    const poison = prompt(4, 7);
    const { engine, generate } = startScheduler({
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
    const { engine, generate } = startScheduler({
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

/** A thread that is busy with another grammar until it is released. */
class BusyGrammars extends GrammarEngine {
  release = (): void => undefined;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));

  constructor(private readonly fault: Error | null = null) {
    super();
  }

  override get isCompiling(): boolean {
    return true;
  }

  override async accept() {
    await this.released;
    if (this.fault) throw this.fault;
    return { ended: false };
  }

  override close(): void {
    // Nothing was opened.
  }
}

describe('a generation whose grammar waits for another one to be compiled', () => {
  const asked = request(prompt(6, 4), { maxNewTokens: 5 }, { count: 2 });
  const start = (grammars: BusyGrammars) => {
    const { engine, scheduler, turns, generate } = startScheduler();
    const { vocabSize } = FAKE_MODEL.config;
    const sampler = new TokenSampler(vocabSize);
    const anything = () => new Int32Array(Math.ceil(vocabSize / 32)).fill(-1);
    const openGrammar = async () => [0, 1].map((id) => new GrammarState(grammars, id, anything()));
    const model = { weights: BASE, sampler, decode: async () => '', bytesPerToken: 8, openGrammar };
    const generateHeldUp = (options = {}) => scheduler.generate(model, asked, options);
    return { engine, turns, generate, generateHeldUp };
  };

  it('sits out the steps of others, leaves the engine to training, and gets what it gets alone', async () => {
    const grammars = new BusyGrammars();
    const { engine, turns, generate, generateHeldUp } = start(grammars);
    let ended = false;
    const heldUp = generateHeldUp().finally(() => (ended = true));
    const others = [request(prompt(5, 2), { maxNewTokens: 20 }), request(prompt(7, 3), { maxNewTokens: 9 })];
    for (const other of others) expect(await generate(other)).toEqual(await alone(other));
    await turns.training(() => Promise.resolve());
    expect({ ended, steps: engine.advances.length }).toEqual({ ended: false, steps: 29 });
    grammars.release();
    expect(await heldUp).toEqual(await alone(asked));
    expect(engine.openCount).toBe(0);
  });

  it('fails alone, and frees what it holds when it is given up', async () => {
    const faulty = new BusyGrammars(new Error('no such token'));
    const broken = start(faulty);
    const failing = broken.generateHeldUp();
    const other = request(prompt(5, 2));
    expect(await broken.generate(other)).toEqual(await alone(other));
    const grammars = new BusyGrammars();
    const { engine, generate, generateHeldUp } = start(grammars);
    const controller = new AbortController();
    const given = generateHeldUp({ signal: controller.signal });
    expect(await generate(other)).toEqual(await alone(other));
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    grammars.release();
    expect(await generate(other)).toEqual(await alone(other));
    expect(engine.openCount).toBe(0);
    faulty.release();
    await expect(failing).rejects.toThrow('no such token');
    expect(broken.engine.openCount).toBe(0);
  });
});

describe('turns with training', () => {
  it('takes half of the engine beside passes that go on and on, though it takes time to decode text', async () => {
    const { engine, turns, scheduler } = startScheduler({ duration: () => 10 });
    const decode = async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return '';
    };
    const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
    const model = { weights: BASE, sampler, decode, bytesPerToken: 1, openGrammar: () => Promise.resolve([]) };
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
  const { engine, generate, scheduler } = startScheduler();
  await generate(request(prompt(100)));
  expect(engine.openCount).toBe(1);
  scheduler.stop();
  expect(engine.openCount).toBe(0);
});
