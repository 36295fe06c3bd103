import { beforeEach, describe, expect, it } from 'vitest';
import { FaultPoints } from '../../common/fault-points.js';
import { StorageError } from '../../common/errors/storage.errors.js';
import { FAKE_MODEL, FakeBackend } from '../../../test/support/fake-backend/fake-backend.js';
import { NonFiniteGradientError } from '../../compute/numeric.errors.js';
import { AppConfig } from '../../config/app-config.js';
import { DEFAULT_ADAM } from '../../domain/adapter/adam-params.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type LossResult, type LossSpec } from '../../domain/loss.js';
import { DEFAULT_LORA } from '../../domain/adapter/lora-spec.js';
import { type OperationKind } from '../../domain/operation.js';
import { type RaggedTensor } from '../../domain/ragged-tensor.js';
import {
  FailedWithEffectError,
  type LoggedOperation,
  type Operation,
  OperationLog,
  type PositionRange,
} from '../futures/index.js';
import { LossFunction, TARGET_TOKENS } from '../../losses/loss-function.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { Gate } from '../../../test/support/wait-for.js';
import { AdapterResidency } from './adapter-residency.js';
import { AdapterRestore } from './adapter-restore.js';
import { AdapterStateStore, type StateToKeep } from './adapter-state.store.js';
import { AdapterSnapshotEntity } from '../adapters/entities/adapter-snapshot.entity.js';
import { AdapterEntity } from '../adapters/entities/adapter.entity.js';
import { OrphanFolders } from './orphan-folders.js';
import { AdapterRepository } from '../adapters/repositories/adapter.repository.js';
import { decodeForward, encodeForward, encodeOptimStep } from '../../operations/training-operations.js';

const ID = 'adapter_1';
const NOTHING = { json: {}, tensors: {} };

/** The adapter's row, its snapshots and its log, in memory; what the worker forgets at a crash is not here. */
class World {
  readonly row = Object.assign(new AdapterEntity(), {
    ...{ id: ID, modelId: 'mine', baseModel: FAKE_MODEL.name, lora: DEFAULT_LORA, deletedAt: null },
    ...{ origin: null, divergedAtStep: null as number | null, step: 0, hasGradients: false },
  });
  readonly log: LoggedOperation[] = [];
  logIsWhole = true;
  readonly snapshots = new Map<number, StateToKeep>();
  /** Positions of snapshots whose files are gone. */
  readonly torn = new Set<number>();
  position = 0;
  lease = 1;
  failWrites = false;
  beforeWrite: () => Promise<void> = () => Promise.resolve();

  operation(kind: OperationKind, request = encodeOptimStep(DEFAULT_ADAM)): Operation {
    const position = ++this.position;
    return {
      ...{ requestId: `future_${position}`, position, kind, adapterId: ID },
      modelId: 'mine',
      baseModel: '',
      request,
      lease: this.lease,
    };
  }

  forwardBackward(loss: LossSpec = { name: 'cross_entropy', config: {} }): Operation {
    const offsets = Int32Array.of(0, 2);
    const tensor = (...numbers: number[]) => ({ data: Int32Array.from(numbers), offsets, trailingShape: [] });
    const batch = { tokens: tensor(1, 2), lossInputs: { target_tokens: tensor(2, 3) } };
    return this.operation('forward_backward', encodeForward({ batch, loss, logprobs: 'all' }));
  }
}

/** The parts of each class that the residency uses; their own dependencies are never reached. */
class FakeRepository extends AdapterRepository {
  constructor(private readonly world: World) {
    super(null as never);
  }

  override async findById(): Promise<AdapterEntity> {
    return Object.assign(new AdapterEntity(), this.world.row);
  }

  override async markDiverged(_id: string, step: number): Promise<void> {
    this.world.row.divergedAtStep = step;
  }
}

class FakeStates extends AdapterStateStore {
  constructor(private readonly world: World) {
    super(null as never, null as never, null as never, new FaultPoints(), null as never);
  }

  override async find(): Promise<AdapterSnapshotEntity[]> {
    const kept = [...this.world.snapshots.values()].sort((a, b) => b.position - a.position);
    return kept.map(({ position, digest, state: { step } }) =>
      Object.assign(new AdapterSnapshotEntity(), { position, digest, step, path: String(position) }),
    );
  }

  override async read(_adapter: AdapterEntity, { path }: { path: string }): Promise<AdapterState> {
    if (this.world.torn.has(Number(path))) throw new StorageError('not there');
    return this.world.snapshots.get(Number(path))!.state;
  }

  override async write(_adapter: AdapterEntity, snapshot: StateToKeep): Promise<void> {
    if (this.world.failWrites) throw new Error('no room');
    await this.world.beforeWrite();
    this.world.snapshots.set(snapshot.position, snapshot);
  }

  override async deleteFailed(): Promise<void> {
    // Nothing here is written by an operation that fails.
  }
}

class FakeLog extends OperationLog {
  constructor(private readonly world: World) {
    super(null as never);
  }

  override async isWhole(): Promise<boolean> {
    return this.world.logIsWhole;
  }

  override async *mutations(_id: string, { after, upTo }: PositionRange): AsyncGenerator<LoggedOperation> {
    for (const operation of this.world.log) {
      if (operation.position > after && operation.position <= upTo) yield operation;
    }
  }
}

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

/** There are no folders here. */
class NoOrphans extends OrphanFolders {
  constructor() {
    super(null as never, null as never);
  }

  override async tidy(): Promise<void> {
    // Nothing to delete.
  }
}

/** A worker on the world: a new one knows nothing but what is stored. */
class Worker {
  readonly backend: FakeBackend;
  readonly restore: AdapterRestore;
  readonly residency: AdapterResidency;

  constructor(
    private readonly world: World,
    snapshotIntervalS: number,
    snapshotSteps = 0,
    losses?: LossRegistry,
  ) {
    this.backend = new FakeBackend([FAKE_MODEL], losses);
    const config = AppConfig.fromEnv({
      DATABASE_URL: 'postgres://x/y',
      SNAPSHOT_INTERVAL_S: String(snapshotIntervalS),
      SNAPSHOT_STEPS: String(snapshotSteps),
    });
    const [rows, states] = [new FakeRepository(world), new FakeStates(world)];
    this.restore = new AdapterRestore(this.backend, rows, states, new FakeLog(world), new NoOrphans());
    this.residency = new AdapterResidency(this.backend, rows, states, this.restore, config);
  }

  async run(operation: Operation, outcome: 'completed' | 'failed' | 'lost' = 'completed'): Promise<void> {
    const { effect } = await this.residency.change(operation, async () => {
      if (operation.kind === 'optim_step') {
        const { step, digest } = await this.backend.optimStep(ID, DEFAULT_ADAM);
        return { result: NOTHING, effect: { step, digest, hasGradients: false } };
      }
      await this.backend.forwardBackward(ID, decodeForward(operation.request));
      return { result: NOTHING, effect: { hasGradients: true } };
    });
    if (outcome === 'lost') return;
    if (outcome === 'completed')
      this.world.log.push({ ...operation, failed: false, step: effect?.step ?? null, digest: effect?.digest ?? null });
    await this.residency.settled(operation, outcome);
  }

  /** A step that is refused, and drops the gradients. */
  async explode(): Promise<void> {
    const operation = this.world.operation('optim_step');
    const failure = new NonFiniteGradientError('a');
    const work = async () => {
      await this.backend.dropGradients(ID);
      throw new FailedWithEffectError(failure, { digest: await this.backend.digestState(ID), hasGradients: false });
    };
    const { effect } = await this.residency.change(operation, work).then(
      () => expect.unreachable(),
      (error: FailedWithEffectError) => error,
    );
    this.world.log.push({ ...operation, failed: true, step: null, digest: effect.digest });
    await this.residency.settled(operation, 'failed with effect');
  }

  async train(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      await this.run(this.world.forwardBackward());
      await this.run(this.world.operation('optim_step'));
    }
  }

  state = () => this.backend.exportState(ID);
}

const NEVER = 86_400;
let world: World;

beforeEach(() => {
  world = new World();
});

describe('AdapterResidency', () => {
  it('restores an adapter that another worker may have changed between two leases', async () => {
    const first = new Worker(world, NEVER);
    await first.train(1);
    world.lease = 2;
    const second = new Worker(world, NEVER);
    await second.train(1);
    world.lease = 3;
    await first.train(1);
    expect((await first.state()).step).toBe(3);
  });

  it('rebuilds the state from the log alone, bit for bit, unapplied gradients included', async () => {
    const first = new Worker(world, NEVER);
    await first.train(3);
    await first.run(world.forwardBackward());
    expect(world.snapshots.size).toBe(0);

    const second = new Worker(world, NEVER);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
  });

  it('rebuilds the state from a snapshot and the operations after it', async () => {
    const first = new Worker(world, 0);
    await first.train(2);
    const snapshots = world.snapshots.size;
    const middle = await first.state();
    const second = new Worker(world, NEVER);
    await second.train(1);
    expect(world.snapshots.size).toBe(snapshots);

    const third = new Worker(world, NEVER);
    await third.residency.use(world.operation('forward'));
    const state = await third.state();
    expect(state).toEqual(await second.state());
    expect(state.step).toBe(middle.step + 1);
  });

  it('does not replay what failed', async () => {
    const first = new Worker(world, NEVER);
    await first.train(1);
    const before = await first.state();
    await first.run(world.forwardBackward(), 'failed');
    await first.residency.use(world.operation('forward'));
    expect(await first.state()).toEqual(before);
  });

  it('goes on in memory after a step that dropped the gradients, and drops them when it replays the log', async () => {
    const first = new Worker(world, NEVER);
    await first.train(1);
    await first.run(world.forwardBackward());
    await first.run(world.forwardBackward());
    await first.explode();
    expect(await first.state()).toMatchObject({ step: 1, gradients: null, gradientPasses: 0, passes: 3 });
    await first.train(1);

    const second = new Worker(world, NEVER);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
    expect(world.row.divergedAtStep).toBeNull();
  });

  it('drops what it computed but could not store, so that a repeat counts once', async () => {
    const first = new Worker(world, NEVER);
    const lost = world.forwardBackward();
    await first.run(lost, 'lost');
    await first.run(lost);

    const undisturbed = new Worker(new World(), NEVER);
    await undisturbed.run(new World().forwardBackward());
    expect((await first.state()).gradients).toEqual((await undisturbed.state()).gradients);
  });

  it('leaves what an operation under a new lease has brought back where a late eviction comes after it', async () => {
    const worker = new Worker(world, 0);
    const written = new Gate();
    world.beforeWrite = () => written.passed;
    await worker.train(1);
    const evicted = worker.residency.evict(ID);
    world.lease = 2;
    await worker.residency.use(world.operation('forward'));
    written.open();
    await evicted;
    expect((await worker.state()).step).toBe(1);
  });

  it('leaves the adapter as it was when the work fails', async () => {
    const worker = new Worker(world, NEVER);
    await worker.train(1);
    const before = await worker.state();
    await expect(worker.run(world.operation('optim_step'))).rejects.toMatchObject({ code: 'no_gradients' });
    expect(await worker.state()).toEqual(before);
    await worker.train(1);
    expect((await worker.state()).step).toBe(2);
  });

  it('writes a last snapshot when the worker drains, and none when nothing is new', async () => {
    const worker = new Worker(world, NEVER);
    await worker.train(1);
    await worker.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([2]);
    world.snapshots.clear();
    await worker.residency.drain();
    expect(world.snapshots.size).toBe(0);
  });

  it('goes on without a snapshot when it cannot be written', async () => {
    const first = new Worker(world, 0);
    world.failWrites = true;
    await first.train(2);
    await first.residency.drain();
    expect(world.snapshots.size).toBe(0);

    const second = new Worker(world, NEVER);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
  });

  it('writes a snapshot after so many steps', async () => {
    const worker = new Worker(world, NEVER, 2);
    await worker.train(5);
    await worker.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([4, 8, 10]);
  });

  it('refuses a deleted adapter', async () => {
    const worker = new Worker(world, NEVER);
    Object.assign(world.row, { deletedAt: new Date() });
    await expect(worker.residency.use(world.operation('forward'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('restores once when several read-only operations come at once', async () => {
    const first = new Worker(world, NEVER);
    await first.train(1);
    const second = new Worker(world, NEVER);
    let created = 0;
    const create = second.backend.createAdapter.bind(second.backend);
    second.backend.createAdapter = async (...parameters) => {
      created++;
      return create(...parameters);
    };
    await Promise.all([1, 2, 3].map(() => second.residency.use(world.operation('generate'))));
    expect(created).toBe(1);
  });
});

describe('AdapterRestore', () => {
  /** Trains with a snapshot after every step, and gives the state that must come back. */
  const trained = async () => {
    const first = new Worker(world, NEVER, 1);
    await first.train(3);
    await first.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([2, 4, 6]);
    return first.state();
  };
  const restored = async () => {
    const worker = new Worker(world, NEVER);
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
    Object.assign(world.row, { origin: { kind: 'stored' } });
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
      const made = new Worker(world, NEVER, snapshotSteps, new LossRegistry([...builtInLosses(), ...plugins], digests));
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
        ...{ code: 'loss_plugin_missing', category: 'server' },
        message: expect.stringMatching(/'mine' \(a file with sha256:1\)/) as string,
      });
      const back = await worker('sha256:1');
      await back.residency.use(world.operation('forward'));
      expect(await back.state()).toEqual(await first.state());
    });
  });

  it('gives an earlier state without touching the live adapter', async () => {
    const worker = new Worker(world, NEVER);
    await worker.train(2);
    const then = await worker.state();
    await worker.train(2);
    const now = await worker.state();
    expect(await worker.restore.stateAt(Object.assign(new AdapterEntity(), world.row), 4)).toEqual(then);
    expect(await worker.state()).toEqual(now);
  });
});
