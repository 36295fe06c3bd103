import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { PLAIN_SAMPLING } from '../../../test/support/engines/plain-sampling.js';
import { integers } from '../../../test/support/models/ragged-builders.js';
import { StepEngine } from '../../../test/support/engines/step-engine.js';
import { DEFAULT_LORA } from '../../domain/adapter/lora-spec.js';
import { jainIndex } from '../../../test/support/jain-index.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { type ForwardRequest } from '../compute-backend.js';
import { freshState } from '../numerics/adapter-tensors.js';
import { initialLoraWeights } from '../numerics/lora-init.js';
import { TokenSampler } from '../numerics/token-sampler.js';
import { DecodeScheduler } from './decoding/decode-scheduler.js';
import { EngineTurns } from './engine-turns.js';
import { FairShares } from './fair-shares.js';
import { PassRequest } from './passes/pass-request.js';
import { PassScheduler } from './passes/pass-scheduler.js';
import { WorkMeter } from './work-meter.js';

const LORA = { ...DEFAULT_LORA, rank: 1, targetModules: ['q_proj' as const] };
const LOSSES = new LossRegistry(builtInLosses());
const BYTES_PER_TOKEN = 8;

interface Tenant {
  /** Requests of each kind that it always has open. */
  readonly trains?: number;
  readonly samples?: number;
  readonly weight?: number;
  /** Tokens of each of its requests. */
  readonly size?: number;
}

/** Both schedulers over an engine with the costs of a small model on two cores, in virtual milliseconds. */
class VirtualService {
  readonly engine: StepEngine = new StepEngine({
    knowsSlopes: true,
    partsPerRun: 99,
    passTokens: 1024,
    pace: (tokens) => void (this.engine.time += 13 + 1.9 * tokens),
    duration: (steps) => 17 + 2 * steps.reduce((sum, { tokens }) => sum + tokens.length, 0),
  });
  readonly shares = new FairShares(() => this.engine.time);
  private readonly turns = new EngineTurns(this.shares, () => this.engine.time);
  readonly passes = new PassScheduler({ engine: this.engine, turns: this.turns }, new WorkMeter());
  private readonly decoding = new DecodeScheduler({
    engine: this.engine,
    turns: this.turns,
    meter: new WorkMeter(),
    memoryBytes: 100_000 * BYTES_PER_TOKEN,
    prefixBytes: 0,
  });
  private readonly sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
  private nextId = 0;

  /** A training request of an adapter of its own. */
  async train(owner: string, { size = 46, weight = 1 }: Tenant = {}): Promise<void> {
    const id = `adapter_${this.nextId++}`;
    const state = freshState(initialLoraWeights(FAKE_MODEL.config, LORA));
    await this.engine.createAdapter({ id, baseModel: FAKE_MODEL.name, lora: LORA }, state);
    const tokens = integers(Array.from({ length: size }, (_, i) => i % 40));
    const request: ForwardRequest = {
      batch: { tokens, lossInputs: { target_tokens: tokens } },
      loss: { name: 'cross_entropy', config: {} },
      logprobs: 'all',
    };
    const lossFunction = LOSSES.functionOf(request.loss);
    const config = LOSSES.resolveConfig(lossFunction, {});
    const options = { train: true, owner, weight, signal: undefined, baseModel: FAKE_MODEL.name };
    const weights = { kind: 'adapter', id } as const;
    await this.passes.submit(new PassRequest(weights, request, { lossFunction, config }, options));
    await this.engine.deleteAdapter(id);
  }

  async sample(owner: string, { size = 46, weight = 1 }: Tenant = {}): Promise<void> {
    const model = {
      weights: { kind: 'base', baseModel: FAKE_MODEL.name } as const,
      sampler: this.sampler,
      decode: () => Promise.resolve(''),
      bytesPerToken: BYTES_PER_TOKEN,
      openGrammar: () => Promise.resolve([]),
    };
    const prompt = Int32Array.from({ length: size / 2 }, (_, i) => (i + this.nextId++) % 50);
    const sampling = { ...PLAIN_SAMPLING, maxNewTokens: size / 2 };
    await this.decoding.generate(model, { prompt, count: 1, sampling }, { owner, weight });
  }

  /** Engine time of each tenant, while all of them have work all the time. */
  async timesOf(tenants: Readonly<Record<string, Tenant>>, durationMs: number): Promise<Map<string, number>> {
    const end = this.engine.time + durationMs;
    const before = this.shares.usedMs;
    let after: ReadonlyMap<string, number> | null = null;
    const repeat = async (request: () => Promise<void>) => {
      while (this.engine.time < end) await request();
      after ??= this.shares.usedMs;
    };
    await Promise.all(
      Object.entries(tenants).flatMap(([owner, tenant]) => [
        ...Array.from({ length: tenant.trains ?? 0 }, () => repeat(() => this.train(owner, tenant))),
        ...Array.from({ length: tenant.samples ?? 0 }, () => repeat(() => this.sample(owner, tenant))),
      ]),
    );
    return new Map(Object.keys(tenants).map((owner) => [owner, after!.get(owner)! - (before.get(owner) ?? 0)]));
  }
}

/** Nine tenants, and one that sends fifty times as much. Their requests do not all end at the same moment. */
function flooded(tenant: Tenant, flood: Tenant): Record<string, Tenant> {
  const nine = Array.from({ length: 9 }, (_, i) => [`tenant ${i}`, { ...tenant, size: 40 + 4 * i }] as const);
  return { ...Object.fromEntries(nine), flood };
}

describe('ten owners, one of whom sends fifty times as much, in virtual time', () => {
  it.each([
    ['all train', flooded({ trains: 2 }, { trains: 100 })],
    ['all sample', flooded({ samples: 2 }, { samples: 100 })],
    ['all do both', flooded({ trains: 1, samples: 1 }, { trains: 50, samples: 50 })],
    [
      'some train, some sample, and the flood does both',
      {
        ...Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`trainer ${i}`, { trains: 2 }])),
        ...Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`sampler ${i}`, { samples: 2 }])),
        flood: { trains: 50, samples: 50 },
      },
    ],
    [
      'requests of all sizes',
      {
        ...Object.fromEntries(
          Array.from({ length: 9 }, (_, i) => [`tenant ${i}`, { trains: 2, size: 20 * 2 ** (i % 5) }]),
        ),
        flood: { trains: 100, size: 500 },
      },
    ],
  ] satisfies [string, Record<string, Tenant>][])('get equal engine time: %s', async (_what, tenants) => {
    const times = await new VirtualService().timesOf(tenants, 40_000);
    expect(jainIndex([...times.values()])).toBeGreaterThanOrEqual(0.95);
  });

  it('get engine time in proportion to their weights', async () => {
    const tenants = {
      light: { trains: 4, weight: 1 },
      middle: { samples: 4, weight: 2 },
      heavy: { trains: 40, weight: 4 },
    };
    const times = await new VirtualService().timesOf(tenants, 40_000);
    const perWeight = [times.get('light')!, times.get('middle')! / 2, times.get('heavy')! / 4];
    expect(jainIndex(perWeight)).toBeGreaterThanOrEqual(0.99);
  });
});

describe('a flood', () => {
  it('makes a newcomer wait for the pass that runs, and no longer', async () => {
    const service = new VirtualService();
    const flood = service.timesOf({ flood: { trains: 100 } }, 30_000);
    while (service.engine.time < 10_000) await new Promise((resolve) => setImmediate(resolve));
    const began = service.engine.time;
    await service.train('newcomer');
    // A full pass each: the one that runs, and the one that the newcomer leads.
    expect(service.engine.time - began).toBeLessThanOrEqual(2 * (13 + 1.9 * 1024));
    await flood;
  });

  it('owes the others nothing for the time that it was alone, and saves nothing up while it is away', async () => {
    const service = new VirtualService();
    await service.timesOf({ flood: { trains: 50 } }, 20_000);
    const together = await service.timesOf({ flood: { trains: 50 }, late: { trains: 50 } }, 20_000);
    expect(jainIndex([...together.values()])).toBeGreaterThanOrEqual(0.99);
    await service.timesOf({ late: { trains: 50 } }, 20_000);
    const again = await service.timesOf({ flood: { trains: 50 }, late: { trains: 50 } }, 20_000);
    expect(jainIndex([...again.values()])).toBeGreaterThanOrEqual(0.99);
  });

  it('fills the passes of owners who have less to do while it is not ahead, and those of owners like it always', async () => {
    const service = new VirtualService();
    const alike = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`tenant ${i}`, { trains: 8 }]));
    await service.timesOf(alike, 20_000);
    const { passes, requests } = service.passes.counts;
    // 22 requests of 46 tokens fit a pass.
    expect(requests / passes).toBeGreaterThan(20);
  });
});
