import { beforeEach, describe, expect, it } from 'vitest';
import { FAKE_MODEL, FakeBackend } from '../../compute/fake/fake-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { DEFAULT_ADAM } from '../../domain/adam-params.js';
import { type AdapterState } from '../../domain/adapter-state.js';
import { DEFAULT_LORA } from '../../domain/lora-spec.js';
import { type OperationKind } from '../../domain/operation.js';
import { type Operation, OperationLog } from '../futures/index.js';
import { AdapterResidency } from './adapter-residency.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { AdapterEntity } from './entities/adapter.entity.js';
import { AdapterRepository } from './repositories/adapter.repository.js';
import { decodeForward, encodeForward, encodeOptimStep } from './training-operations.js';

const ID = 'adapter_1';

/** The adapter's row, its snapshots and its log, in memory; what the worker forgets at a crash is not here. */
class World {
  readonly row = Object.assign(new AdapterEntity(), {
    ...{ id: ID, modelId: 'mine', baseModel: FAKE_MODEL.name, lora: DEFAULT_LORA, deletedAt: null },
    ...{ statePath: null, statePosition: 0, step: 0, hasGradients: false },
  });
  readonly log: Operation[] = [];
  readonly snapshots = new Map<string, AdapterState>();
  position = 0;
  failWrites = false;

  operation(kind: OperationKind, request = encodeOptimStep(DEFAULT_ADAM)): Operation {
    const position = ++this.position;
    return {
      ...{ requestId: `future_${position}`, position, kind, adapterId: ID },
      modelId: 'mine',
      baseModel: '',
      request,
    };
  }

  forwardBackward(): Operation {
    const offsets = Int32Array.of(0, 2);
    const tensor = (...numbers: number[]) => ({ data: Int32Array.from(numbers), offsets, trailingShape: [] });
    const batch = { tokens: tensor(1, 2), lossInputs: { target_tokens: tensor(2, 3) } };
    return this.operation(
      'forward_backward',
      encodeForward({ batch, loss: { name: 'cross_entropy', config: {} }, logprobs: 'all' }),
    );
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

  override async recordProgress(_id: string, progress: object): Promise<void> {
    Object.assign(this.world.row, progress);
  }
}

class FakeStates extends AdapterStateStore {
  constructor(private readonly world: World) {
    super(null as never, null as never, null as never);
  }

  override async read(_adapter: AdapterEntity, path: string): Promise<AdapterState> {
    return this.world.snapshots.get(path)!;
  }

  override async write(_adapter: AdapterEntity, position: number, state: AdapterState): Promise<void> {
    if (this.world.failWrites) throw new Error('no room');
    this.world.snapshots.set(String(position), state);
    Object.assign(this.world.row, { statePath: String(position), statePosition: position });
  }
}

class FakeLog extends OperationLog {
  constructor(private readonly world: World) {
    super(null as never);
  }

  override async *mutationsAfter(_id: string, position: number): AsyncGenerator<Operation> {
    for (const operation of this.world.log) if (operation.position > position) yield operation;
  }
}

/** A worker on the world: a new one knows nothing but what is stored. */
class Worker {
  readonly backend = new FakeBackend();
  readonly residency: AdapterResidency;

  constructor(
    private readonly world: World,
    snapshotIntervalS: number,
  ) {
    const config = AppConfig.fromEnv({
      DATABASE_URL: 'postgres://x/y',
      SNAPSHOT_INTERVAL_S: String(snapshotIntervalS),
    });
    this.residency = new AdapterResidency(
      this.backend,
      new FakeRepository(world),
      new FakeStates(world),
      new FakeLog(world),
      config,
    );
  }

  async run(operation: Operation, outcome: 'completed' | 'failed' | 'lost' = 'completed'): Promise<void> {
    await this.residency.change(operation, async () => {
      if (operation.kind === 'optim_step') {
        const { step } = await this.backend.optimStep(ID, DEFAULT_ADAM);
        return { result: null, progress: { step, hasGradients: false } };
      }
      await this.backend.forwardBackward(ID, decodeForward(operation.request));
      return { result: null, progress: { hasGradients: true } };
    });
    if (outcome === 'lost') return;
    if (outcome === 'completed') this.world.log.push(operation);
    await this.residency.settled(operation, outcome);
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
  it('makes a new adapter from its row and keeps its figures there', async () => {
    const worker = new Worker(world, NEVER);
    await worker.run(world.forwardBackward());
    expect(world.row).toMatchObject({ hasGradients: true, step: 0 });
    await worker.run(world.operation('optim_step'));
    expect(world.row).toMatchObject({ hasGradients: false, step: 1 });
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

  it('drops what it computed but could not store, so that a repeat counts once', async () => {
    const first = new Worker(world, NEVER);
    const lost = world.forwardBackward();
    await first.run(lost, 'lost');
    await first.run(lost);

    const undisturbed = new Worker(new World(), NEVER);
    await undisturbed.run(new World().forwardBackward());
    expect((await first.state()).gradients).toEqual((await undisturbed.state()).gradients);
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
    await worker.residency.drained();
    expect(world.row.statePosition).toBe(2);
    expect([...world.snapshots.keys()]).toEqual(['2']);
    world.snapshots.clear();
    await worker.residency.drained();
    expect(world.snapshots.size).toBe(0);
  });

  it('goes on without a snapshot when it cannot be written', async () => {
    const first = new Worker(world, 0);
    world.failWrites = true;
    await first.train(2);
    await first.residency.drained();
    expect(world.row.statePath).toBeNull();

    const second = new Worker(world, NEVER);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
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
