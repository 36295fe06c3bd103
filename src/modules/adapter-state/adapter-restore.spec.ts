import { beforeEach, describe, expect, it } from 'vitest';
import { AdapterWorker, AdapterWorld } from '../../../test/support/service/adapter-world.js';
import { StorageFullError } from '../../common/errors/storage.errors.js';
import { type LossResult } from '../../domain/loss.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import { LossFunction, TARGET_TOKENS } from '../../losses/loss-function.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { loadWeightsOperation } from '../../operations/kinds/load-weights.operation.js';
import { rewindAdapterOperation } from '../../operations/kinds/rewind-adapter.operation.js';

/** The negative log-likelihood, `factor` times. */
function pluginLoss(factor: number): LossFunction {
  return new (class extends LossFunction {
    override get metadata() {
      return { name: 'mine', description: 'x', inputs: [TARGET_TOKENS], config: [] };
    }

    override compute({ data }: RaggedTensor<Float32Array>): LossResult {
      const loss = data.reduce((sum, l) => sum - factor * l, 0);
      return { loss, dLogprobs: Float64Array.from(data, () => -factor), metrics: {} };
    }
  })();
}

let world: AdapterWorld;

beforeEach(() => {
  world = new AdapterWorld();
});

describe('AdapterRestore', () => {
  /** Trains with a snapshot after every step, and gives the state that must come back. */
  const trained = async () => {
    const first = new AdapterWorker(world, { snapshotSteps: 1 });
    await first.train(3);
    await first.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([2, 4, 6]);
    return first.state();
  };
  const restored = async () => {
    const worker = new AdapterWorker(world);
    await worker.residency.use(world.operation('forward'));
    return worker.state();
  };

  it('takes an older snapshot when the newest cannot be read, and the log when none can', async () => {
    const state = await trained();
    for (const position of [6, 4, 2]) {
      world.torn.add(position);
      expect(await restored()).toEqual(state);
    }
  });

  it('does not believe a snapshot whose digest is another', async () => {
    const state = await trained();
    const newest = world.snapshots.get(6)!;
    for (const { data } of newest.state.weights.values()) data[0] = 42;
    expect(await restored()).toEqual(state);
  });

  it('says that a state is lost when neither snapshots nor the log reach back', async () => {
    await trained();
    world.logIsWhole = false;
    for (const position of [6, 4, 2]) world.torn.add(position);
    await expect(restored()).rejects.toMatchObject({ code: 'state_lost' });
    world.logIsWhole = true;
    world.row.origin = { kind: 'stored' };
    await expect(restored()).rejects.toMatchObject({ code: 'state_lost' });
  });

  it('marks the first step at which a repeat gives another digest, and goes on', async () => {
    await trained();
    world.snapshots.clear();
    world.log[3] = { ...world.log[3]!, digest: 'xxh64:0000000000000000' };
    expect((await restored()).step).toBe(3);
    expect(world.row.divergedAtStep).toBe(2);
  });

  describe('with a loss of a plugin', () => {
    /** A file of a plugin with one version of the loss; `digest` stands for what the file holds. */
    const worker = async (digest: string | null, factor = 1, snapshotSteps = 0) => {
      const plugins = digest === null ? [] : [pluginLoss(factor)];
      const digests = new Map(digest === null ? [] : [['mine', digest]]);
      const losses = new LossRegistry([...builtInLosses(), ...plugins], digests);
      const made = new AdapterWorker(world, { snapshotSteps, losses });
      await made.backend.start();
      return made;
    };
    const mine = () => world.forwardBackward({ name: 'mine', plugin: 'sha256:1', config: {} });

    it('goes on when its file is the same', async () => {
      const first = await worker('sha256:1');
      await first.run(mine());
      const second = await worker('sha256:1');
      await second.residency.use(world.operation('forward'));
      expect(await second.state()).toEqual(await first.state());
      expect(world.row.divergedAtStep).toBeNull();
    });

    it('says so when its file is another one, also of gradients that no step has applied', async () => {
      const first = await worker('sha256:1', 1, 1);
      await first.train(2);
      await first.residency.drain();
      await first.run(mine());
      const second = await worker('sha256:2', 2);
      await second.residency.use(world.operation('forward'));
      expect(await second.state()).not.toEqual(await first.state());
      expect(world.row.divergedAtStep).toBe(3);
    });

    it('does not lose the state when its file is gone: it is rebuilt as soon as it is back', async () => {
      const first = await worker('sha256:1');
      await first.run(mine());
      const without = await worker(null);
      await expect(without.residency.use(world.operation('forward'))).rejects.toMatchObject({
        code: 'loss_plugin_missing',
        category: 'server',
        message: expect.stringMatching(/'mine' \(a file with sha256:1\)/) as string,
      });
      const back = await worker('sha256:1');
      await back.residency.use(world.operation('forward'));
      expect(await back.state()).toEqual(await first.state());
    });
  });

  it('gives an earlier state without touching the live adapter', async () => {
    const worker = new AdapterWorker(world);
    await worker.train(2);
    const then = await worker.state();
    await worker.train(2);
    const now = await worker.state();
    const earlier = await worker.restore.withStateAt(world.entity(), 4, world.entity(), async (rebuilt) => {
      await worker.backend.createAdapter({ id: 'copy', baseModel: world.row.baseModel, lora: world.row.lora }, rebuilt);
      return worker.backend.exportState('copy');
    });
    expect(earlier).toEqual(then);
    expect(await worker.state()).toEqual(now);
  });

  it('marks a step that failed with an effect and completes when it is repeated', async () => {
    const first = new AdapterWorker(world);
    await first.run(world.explodingForwardBackward());
    await first.runFailing(world.optimStep());
    world.log[0] = { ...world.forwardBackward(), position: 1, failed: false, step: null, digest: null };
    expect((await restored()).step).toBe(1);
    expect(world.row.divergedAtStep).toBe(1);
  });

  it('repeats nothing for kinds that leave nothing to repeat', async () => {
    const first = new AdapterWorker(world);
    await first.train(1);
    for (const kind of ['create_adapter', 'unload_adapter'] as const) {
      world.log.push({ ...world.operation(kind), failed: false, step: 0, digest: 'xxh64:0000000000000000' });
    }
    expect(await restored()).toEqual(await first.state());
    expect(world.row.divergedAtStep).toBeNull();
  });

  describe('with a rewind', () => {
    const rewound = async () => {
      const worker = new AdapterWorker(world);
      await worker.train(1);
      await worker.run(world.forwardBackward());
      const then = await worker.state();
      await worker.train(2);
      await worker.run(world.operation('rewind_adapter', rewindAdapterOperation.encode({ position: 3 })));
      expect(await worker.state()).toEqual(then);
      expect([...world.snapshots.keys()]).toEqual([8]);
      return then;
    };

    it('repeats it when the snapshot of it is damaged, unapplied gradients included', async () => {
      const then = await rewound();
      world.torn.add(8);
      expect(await restored()).toEqual(then);
      expect(world.row.divergedAtStep).toBeNull();
    });

    it('marks the adapter when it leads to another state by now', async () => {
      await rewound();
      world.torn.add(8);
      world.log[7] = { ...world.log[7]!, digest: 'xxh64:0000000000000000' };
      expect((await restored()).step).toBe(1);
      expect(world.row.divergedAtStep).toBe(1);
    });
  });

  describe('with a load', () => {
    /** Loads what the adapter was after its first step; the snapshot of the load is gone. */
    const loaded = async () => {
      const worker = new AdapterWorker(world);
      await worker.train(1);
      world.checkpoints.set('one', await worker.state());
      await worker.train(2);
      const request = { sourceId: 'x', sourceModelId: 'x', kind: 'training', name: 'one', optimizer: true } as const;
      await worker.run(world.operation('load_weights', loadWeightsOperation.encode(request)));
      expect([...world.snapshots.keys()]).toEqual([7]);
      world.torn.add(7);
      return worker.state();
    };

    it('takes the checkpoint instead of a damaged snapshot', async () => {
      const state = await loaded();
      expect(await restored()).toEqual(state);
    });

    it('says that the state is lost when the checkpoint is another one by now', async () => {
      await loaded();
      const other = new AdapterWorker(new AdapterWorld());
      await other.train(3);
      world.checkpoints.set('one', await other.state());
      await expect(restored()).rejects.toMatchObject({
        code: 'state_lost',
        message: expect.stringContaining('its checkpoint has been replaced since') as string,
      });
      expect(world.row.divergedAtStep).toBeNull();
    });

    it('says that the state is lost when the checkpoint is gone', async () => {
      await loaded();
      world.checkpoints.clear();
      await expect(restored()).rejects.toMatchObject({
        code: 'state_lost',
        message: expect.stringContaining('nor can its checkpoint') as string,
      });
    });

    it('does not take an outage for a loss', async () => {
      await loaded();
      world.readFailure = new StorageFullError('a file', '/data');
      await expect(restored()).rejects.toBe(world.readFailure);
    });
  });

  describe('of a fork', () => {
    it('begins with the state of its source, and is itself marked where that has diverged', async () => {
      const origin = new AdapterWorld();
      origin.row.id = 'adapter_0';
      const trainer = new AdapterWorker(origin);
      await trainer.train(2);
      const state = await trainer.state();
      await trainer.train(1);
      world.row.origin = { kind: 'fork', adapterId: 'adapter_0', position: 4 };
      const worker = new AdapterWorker(world, { others: [origin] });
      await worker.use();
      expect(await worker.state()).toEqual(state);
      expect(world.row.divergedAtStep).toBeNull();

      origin.log[3] = { ...origin.log[3]!, digest: 'xxh64:0000000000000000' };
      await new AdapterWorker(world, { others: [origin] }).use();
      expect(world.row.divergedAtStep).toBe(2);
      expect(origin.row.divergedAtStep).toBeNull();
    });
  });
});
