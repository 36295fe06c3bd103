import { beforeEach, describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { floats, integers } from '../../../../test/support/models/ragged-builders.js';
import { TinyEngine, type TinyEngineOptions } from '../../../../test/support/engines/tiny-engine.js';
import { SeededRandom } from '../../../../test/chaos/seeded-random.js';
import { DEFAULT_LORA } from '../../../domain/adapter/lora-spec.js';
import { type LossDefinition } from '../../../domain/loss-definition.js';
import { type LossInputs, type LossResult } from '../../../domain/loss.js';
import { type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { Loss, LossFunction, TARGET_TOKENS } from '../../../losses/loss-function.js';
import { builtInLosses, LossRegistry } from '../../../losses/loss-registry.js';
import { freshState } from '../../numerics/adapter-tensors.js';
import { initialLoraWeights } from '../../numerics/lora-init.js';
import { type ForwardRequest, type ForwardResult } from '../../compute-backend.js';
import { EngineTurns } from '../engine-turns.js';
import { FairShares } from '../fair-shares.js';
import { PassRequest } from './pass-request.js';
import { PassScheduler } from './pass-scheduler.js';
import { WorkMeter } from '../work-meter.js';

/** Relates all datums: the mean of the squares of all log-probs. */
@Loss({ name: 'squares', description: '', inputs: [TARGET_TOKENS], config: [] })
class SquaresLoss extends LossFunction {
  override compute({ data }: RaggedTensor<Float32Array>, _inputs: LossInputs): LossResult {
    const loss = data.reduce((sum, value) => sum + value * value, 0) / data.length;
    return { loss, dLogprobs: Float64Array.from(data, (value) => (2 * value) / data.length), metrics: {} };
  }
}

@Loss({ name: 'broken', description: '', inputs: [TARGET_TOKENS], config: [] })
class BrokenLoss extends LossFunction {
  override compute(): LossResult {
    throw new RangeError('this loss is broken');
  }
}

const LOSSES = new LossRegistry([...builtInLosses(), new SquaresLoss(), new BrokenLoss()]);
const LORA = { ...DEFAULT_LORA, rank: 1, targetModules: ['q_proj' as const] };
const B = 'model.layers.0.self_attn.q_proj.lora_B.weight';

interface Asked {
  readonly loss?: string;
  readonly definition?: LossDefinition;
  /** Tokens of each datum. */
  readonly datums?: readonly (readonly number[])[];
  readonly weights?: readonly (readonly number[])[];
  readonly train?: boolean;
  readonly owner?: string;
  readonly signal?: AbortSignal;
}

function forwardRequest({ loss = 'cross_entropy', definition, datums = [[1, 2]], weights }: Asked): ForwardRequest {
  const targets = datums.map((datum) => datum.map((token) => (token * 7 + 1) % 50));
  const policy = {
    logprobs: floats(...targets.map((datum) => datum.map((token) => -1 - token / 20))),
    advantages: floats(...targets.map((datum) => datum.map((token) => (token - 25) / 30))),
  };
  return {
    batch: {
      tokens: integers(...datums),
      lossInputs: {
        target_tokens: integers(...targets),
        ...(weights ? { weights: floats(...weights) } : {}),
        ...(loss === 'importance_sampling' ? policy : {}),
      },
    },
    loss: { name: loss, config: {}, ...(definition ? { definition } : {}) },
    logprobs: 'all',
  };
}

/** A scheduler over a tiny engine, whose runs wait while it is held. */
class Bench {
  readonly engine: TinyEngine;
  readonly scheduler: PassScheduler;
  private gate: Promise<void> = Promise.resolve();
  private open: () => void = () => undefined;

  constructor(options: TinyEngineOptions = {}, now = () => performance.now()) {
    const pace = async (tokens: number) => {
      await options.pace?.(tokens);
      await this.gate;
    };
    this.engine = new TinyEngine({ knowsSlopes: true, partsPerRun: 99, ...options, pace });
    this.scheduler = new PassScheduler(
      { engine: this.engine, turns: new EngineTurns(new FairShares(now), now) },
      new WorkMeter(),
    );
  }

  hold(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }

  release(): void {
    this.open();
  }

  async adapters(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const weights = initialLoraWeights(FAKE_MODEL.config, LORA);
      await this.engine.createAdapter({ id, baseModel: FAKE_MODEL.name, lora: LORA }, freshState(weights));
    }
  }

  submit(id: string, asked: Asked = {}): Promise<ForwardResult> {
    const request = forwardRequest(asked);
    const lossFunction = LOSSES.functionOf(request.loss);
    const config = LOSSES.resolveConfig(lossFunction, {});
    const { train = true, owner = '', signal } = asked;
    const options = { train, owner, weight: 1, signal, baseModel: FAKE_MODEL.name };
    const weights = id === 'base' ? ({ kind: 'base', baseModel: FAKE_MODEL.name } as const) : adapterRef(id);
    return this.scheduler.submit(new PassRequest(weights, request, { lossFunction, config }, options));
  }

  /** Resolves when the engine makes a run. */
  async busy(): Promise<void> {
    while (!/^(forward|backward|fused)/.test(this.engine.calls.at(-1) ?? '')) await turn();
  }

  async gradient(id: string): Promise<number | undefined> {
    return (await this.engine.exportState(id)).gradients?.get(B)?.data[0];
  }

  /** Items of each pass so far. */
  get passes(): string[] {
    return this.engine.calls.filter((call) => call.startsWith('open')).map((call) => call.slice('open '.length));
  }
}

const adapterRef = (id: string) => ({ kind: 'adapter', id }) as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('requests that wait at the same time', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = new Bench({ passTokens: 6 });
    await bench.adapters('a', 'b', 'c', 'd');
  });

  it('share the next pass, and one that comes to an idle engine begins at once', async () => {
    bench.hold();
    const first = bench.submit('a');
    await bench.busy();
    const others = ['b', 'c', 'd'].map((id) => bench.submit(id));
    bench.release();
    await Promise.all([first, ...others]);
    expect(bench.passes).toEqual(['train', 'train,train,train']);
    expect(bench.scheduler.counts).toEqual({ passes: 2, requests: 4 });
  });

  it('go into a pass while their tokens are of use, the first one whatever its size', async () => {
    const long = { datums: [[1, 2, 3, 4, 5, 6, 7]] };
    await Promise.all([
      bench.submit('a', long),
      ...['b', 'c', 'd'].map((id) => bench.submit(id, { datums: [[1, 2, 3]] })),
    ]);
    expect(bench.passes).toEqual(['train', 'train,train', 'train']);
  });

  it('do not share where they would take another way through the engine', async () => {
    await bench.submit('a');
    await Promise.all([
      bench.submit('a'),
      bench.submit('b', { loss: 'squares' }),
      bench.submit('c', { train: false }),
      bench.submit('base', { train: false }),
      bench.submit('d'),
    ]);
    expect(bench.passes.slice(1)).toEqual(['train,train', 'train', 'read,read']);
  });

  it('do not share on an engine that runs each alone', async () => {
    bench = new Bench({ batching: 'off' });
    await bench.adapters('a', 'b');
    await Promise.all(['a', 'b'].map((id) => bench.submit(id)));
    expect(bench.passes).toEqual(['train', 'train']);
  });

  it('try a formula among their like, and go split once the engine does not know it', async () => {
    const submitAll = () =>
      Promise.all([
        bench.submit('a'),
        bench.submit('b', { loss: 'importance_sampling' }),
        bench.submit('c', { loss: 'importance_sampling' }),
        bench.submit('d', { loss: 'squares' }),
      ]);
    await submitAll();
    expect(bench.passes).toEqual(['train', 'train,train', 'train']);
    await submitAll();
    expect(bench.passes.slice(3)).toEqual(['train', 'train,train,train']);
  });

  it('train one adapter in one pass after the other', async () => {
    await Promise.all([bench.submit('a'), bench.submit('a'), bench.submit('b')]);
    expect(bench.passes).toEqual(['train,train', 'train']);
  });
});

describe('owners', () => {
  it('have an equal part of a pass, each with its oldest requests first', async () => {
    const bench = new Bench({ passTokens: 8 });
    const ids = Array.from({ length: 8 }, (_, i) => `a${i}`);
    await bench.adapters(...ids, 'b0', 'b1');
    bench.hold();
    const settled: string[] = [];
    const submit = async (id: string, owner: string) => {
      await bench.submit(id, { owner });
      settled.push(id);
    };
    const first = submit('a0', 'many');
    await bench.busy();
    const rest = [...ids.slice(1).map((id) => submit(id, 'many')), submit('b0', 'few'), submit('b1', 'few')];
    bench.release();
    await Promise.all([first, ...rest]);
    // Slots go to the owner with fewer tokens in the pass: two each.
    expect(settled.slice(0, 5).sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
    expect(settled.slice(5).sort()).toEqual(['a3', 'a4', 'a5', 'a6', 'a7']);
  });

  /** Clients that always have `open` requests waiting; how many requests of each a time of the engine settles. */
  async function share(clients: Readonly<Record<string, Asked & { readonly open: number }>>, duration: number) {
    let now = 0;
    const bench = new Bench({ passTokens: 100, pace: (tokens) => void (now += 10 + tokens) }, () => now);
    const counts = Object.fromEntries(Object.keys(clients).map((owner) => [owner, 0]));
    const client = async (owner: string, adapter: string, asked: Asked) => {
      await bench.adapters(adapter);
      while (now < duration) {
        await bench.submit(adapter, { ...asked, owner });
        if (now < duration) counts[owner]!++;
      }
    };
    await Promise.all(
      Object.entries(clients).flatMap(([owner, asked]) =>
        Array.from({ length: asked.open }, (_, i) => client(owner, `${owner}${i}`, asked)),
      ),
    );
    return counts;
  }

  const datum = (length: number) => [Array.from({ length }, (_, i) => i % 40)];

  it('get on alike when one sends much more, in virtual time', async () => {
    const datums = datum(20);
    const { few, many } = await share({ many: { open: 60, datums }, few: { open: 4, datums } }, 20_000);
    expect(few! / many!).toBeGreaterThan(0.6);
    expect(few! / many!).toBeLessThan(1.1);
  });

  it('do not starve, whatever way through the engine and whatever size the requests of others have', async () => {
    const counts = await share(
      {
        large: { open: 30, datums: datum(120) },
        small: { open: 30, datums: datum(5) },
        split: { open: 1, datums: datum(10), loss: 'squares' },
        reader: { open: 1, datums: datum(10), train: false },
      },
      20_000,
    );
    // Each of the four gets a quarter of the time at least: 38 passes of 130, 161 runs of 15 and more in company, ...
    expect(counts['large']).toBeGreaterThanOrEqual(35);
    for (const owner of ['small', 'split', 'reader']) expect(counts[owner]).toBeGreaterThanOrEqual(100);
  });

  it('do not starve their own requests: the oldest leads, though younger ones fit better', async () => {
    const bench = new Bench({ passTokens: 10 });
    await bench.adapters('a', 'b', 'c', 'd', 'large');
    bench.hold();
    const order: string[] = [];
    const submit = (id: string, length: number) =>
      bench.submit(id, { datums: datum(length) }).then(() => order.push(id));
    const all = [submit('a', 5)];
    await bench.busy();
    all.push(submit('b', 6), submit('large', 9), submit('c', 4), submit('d', 6));
    bench.release();
    await Promise.all(all);
    expect(order).toEqual(['a', 'b', 'c', 'large', 'd']);
  });
});

describe('a request that goes wrong in company', () => {
  const POISON: Asked = { weights: [[Infinity, 1]] };

  it.each([
    ['a loss that is not finite', { knowsSlopes: true }, POISON, 'non_finite_loss'],
    ['a loss that is not finite, split', { knowsSlopes: false }, POISON, 'non_finite_loss'],
    ['a loss that throws', { knowsSlopes: false }, { loss: 'broken' }, 'this loss is broken'],
  ] as const)('fails alone: %s', async (_what, options, asked, reason) => {
    const bench = new Bench(options);
    await bench.adapters('a', 'b', 'bad');
    await bench.submit('a', { train: false });
    // The engine's formulas, where it has any, are known after the first.
    await bench.submit('a');
    const before = await bench.gradient('a');
    const outcomes = await Promise.allSettled([bench.submit('b'), bench.submit('bad', asked)]);
    expect(outcomes[0]).toMatchObject({ status: 'fulfilled' });
    expect(JSON.stringify(outcomes[1]) + String((outcomes[1] as PromiseRejectedResult).reason)).toContain(reason);
    expect(bench.passes.at(-1)).toBe('train,train');
    expect([await bench.gradient('b'), await bench.gradient('bad')]).toEqual([before, undefined]);
  });

  it('fails alone when the engine refuses it', async () => {
    const tooLong = new RangeError('too long');
    const bench = new Bench({ refuse: ({ tokens }) => (tokens.data.length > 2 ? tooLong : null) });
    await bench.adapters('a', 'b');
    const refused = bench.submit('b', { datums: [[1, 2, 3]] });
    const fine = bench.submit('a');
    await expect(refused).rejects.toBe(tooLong);
    expect((await fine).loss).toBeGreaterThan(0);
    expect(bench.passes).toEqual(['train,train']);
  });

  it('is left out when it is given up while it waits', async () => {
    const bench = new Bench();
    await bench.adapters('a', 'b', 'c');
    bench.hold();
    const controller = new AbortController();
    const first = bench.submit('a');
    await bench.busy();
    const given = bench.submit('b', { signal: controller.signal });
    const other = bench.submit('c');
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    bench.release();
    await Promise.all([first, other]);
    expect(bench.passes).toEqual(['train', 'train']);
  });

  it('ends at once when it is given up in the middle, keeps no gradients, and the others go on', async () => {
    const bench = new Bench({ datumsPerRun: 1, partsPerRun: 1 });
    await bench.adapters('a', 'b');
    bench.hold();
    const controller = new AbortController();
    const datums = [[1, 2], [3]];
    const given = bench.submit('a', { datums, signal: controller.signal });
    const other = bench.submit('b', { datums });
    await bench.busy();
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    bench.release();
    await other;
    // The second run was for the one that was given up alone.
    expect(bench.engine.calls.slice(1, 5)).toEqual(['fused 0', 'fused 2', 'fused 3', 'keep 1']);
    expect(await bench.gradient('a')).toBeUndefined();
  });

  it('runs again alone when the engine fails, as the others do', async () => {
    const pace = (tokens: number) => {
      if (tokens > 2) throw new Error('out of memory');
    };
    const bench = new Bench({ pace });
    await bench.adapters('a', 'b', 'bad');
    const outcomes = await Promise.allSettled([
      bench.submit('a'),
      bench.submit('bad', { datums: [[1, 2, 3]] }),
      bench.submit('b'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(bench.passes).toEqual(['train,train,train', 'train', 'train', 'train']);
    expect(await bench.gradient('b')).toBe(await bench.gradient('a'));
    expect(bench.engine.passes.size).toBe(0);
  });

  it('is settled as soon as its own runs are made', async () => {
    const bench = new Bench({ datumsPerRun: 1, partsPerRun: 1 });
    await bench.adapters('short', 'long');
    const order: string[] = [];
    const submit = (id: string, datums: Asked['datums']) =>
      bench.submit(id, { datums: datums! }).then(() => order.push(`${id} after ${bench.engine.calls.at(-1)}`));
    await Promise.all([submit('short', [[1]]), submit('long', [[1], [2], [3]])]);
    expect(order).toEqual(['short after keep 0', 'long after keep 1']);
    expect(bench.engine.calls.slice(0, 4)).toEqual(['open train,train', 'fused 0', 'keep 0', 'fused 1']);
  });
});

it('only runs of a request whose loss relates its datums go forward again', async () => {
  const bench = new Bench({ datumsPerRun: 1, partsPerRun: 1, knowsSlopes: false });
  await bench.adapters('first', 'related', 'sum');
  await bench.submit('first');
  const before = bench.engine.calls.length;
  const datums = [[1], [2], [3]];
  await Promise.all([bench.submit('related', { datums, loss: 'squares' }), bench.submit('sum', { datums })]);
  const calls = bench.engine.calls.slice(before);
  const count = (name: string) => calls.filter((call) => call.startsWith(name)).length;
  expect(calls).toContain('open train,train');
  // Three of each request, and again those of the related one that come after its first.
  expect([count('forward'), count('backward')]).toEqual([3 + 3 + 2, 6]);
});

describe('any company', () => {
  const SUM = { name: 'sum', loss: 'sum(target_logprobs ** 2)' };

  interface Drawn extends Asked {
    readonly id: string;
  }

  function draw(random: SeededRandom, index: number): Drawn {
    const datums = Array.from({ length: random.whole(1, 5) }, () =>
      Array.from({ length: random.whole(1, 6) }, () => random.whole(0, 40)),
    );
    const loss = random.pick(['cross_entropy', 'importance_sampling', 'squares', 'sum', 'broken']);
    const weights = random.chance(0.5)
      ? datums.map((datum) => datum.map(() => (random.chance(0.05) ? Infinity : random.next() - 0.3)))
      : undefined;
    const train = random.chance(0.7);
    const owner = random.pick(['x', 'y', 'z']);
    return { id: `a${index}`, datums, loss, train, owner, ...(weights ? { weights } : {}) };
  }

  async function outcomeOf(bench: Bench, { id, ...asked }: Drawn): Promise<unknown> {
    const definition = asked.loss === 'sum' ? { definition: SUM } : {};
    const given = bench.submit(id, { ...asked, ...definition });
    return given.then(
      async ({ loss, metrics, logprobs }) => ({
        loss,
        metrics,
        logprobs: [...logprobs.data],
        gradient: await bench.gradient(id),
      }),
      async (error: unknown) => ({ error: String(error), gradient: await bench.gradient(id) }),
    );
  }

  it.each(Array.from({ length: 60 }, (_, seed) => seed))('changes nothing about a request, mix %i', async (seed) => {
    const random = new SeededRandom(`mix ${seed}`);
    const mix = Array.from({ length: random.whole(2, 9) }, (_, i) => draw(random, i));
    const options = {
      datumsPerRun: random.whole(1, 3),
      knowsSlopes: random.chance(0.7),
      passTokens: random.pick([10, 40, 1000]),
    };
    const alone: unknown[] = [];
    for (const one of mix) {
      const bench = new Bench(options);
      await bench.adapters(one.id);
      alone.push(await outcomeOf(bench, one));
    }
    const together = new Bench({ ...options, partsPerRun: random.whole(1, 6) });
    await together.adapters(...mix.map(({ id }) => id));
    expect(await Promise.all(mix.map((one) => outcomeOf(together, one)))).toEqual(alone);
    expect(together.engine.passes.size).toBe(0);
  });
});
