import { FaultPoints } from '../../../src/common/fault-points.js';
import { StorageError } from '../../../src/common/errors/storage.errors.js';
import { AppConfig } from '../../../src/config/app-config.js';
import { type ComputeBackend, type StateSource } from '../../../src/compute/compute-backend.js';
import { DEFAULT_ADAM } from '../../../src/domain/adapter/adam-params.js';
import { type AdapterState } from '../../../src/domain/adapter/adapter-state.js';
import { DEFAULT_LORA } from '../../../src/domain/adapter/lora-spec.js';
import { type LossSpec } from '../../../src/domain/loss.js';
import { type OperationData } from '../../../src/domain/operation-data.js';
import { type OperationKind } from '../../../src/domain/operation.js';
import { type LossRegistry } from '../../../src/losses/loss-registry.js';
import { AdapterResidency } from '../../../src/modules/adapter-state/adapter-residency.js';
import { AdapterRestore } from '../../../src/modules/adapter-state/adapter-restore.js';
import { AdapterStateStore, type StateToKeep } from '../../../src/modules/adapter-state/adapter-state.store.js';
import { CheckpointReader } from '../../../src/modules/adapter-state/checkpoint-reader.js';
import { ChangeAdapterHandler } from '../../../src/modules/adapter-state/handlers/change-adapter.handler.js';
import { OperationReplay } from '../../../src/modules/adapter-state/operation-replay.js';
import { OrphanFolders } from '../../../src/modules/adapter-state/orphan-folders.js';
import { AdapterSnapshotEntity } from '../../../src/modules/adapters/entities/adapter-snapshot.entity.js';
import { AdapterEntity, type AdapterOrigin } from '../../../src/modules/adapters/entities/adapter.entity.js';
import { AdapterRepository } from '../../../src/modules/adapters/repositories/adapter.repository.js';
import {
  type LoggedOperation,
  type Operation,
  OperationLog,
  type PositionRange,
} from '../../../src/modules/futures/index.js';
import { optimStepOperation } from '../../../src/operations/kinds/optim-step.operation.js';
import { FailedWithEffectError, type OperationEffect } from '../../../src/operations/operation-outcome.js';
import { OperationCatalog } from '../../../src/operations/operations.js';
import { forwardPayload } from '../../../src/operations/payloads/forward-payload.js';
import { type LoadRequest } from '../../../src/operations/payloads/load-payload.js';
import { FAKE_MODEL, FakeBackend } from '../fake-backend/fake-backend.js';

export const ADAPTER_ID = 'adapter_1';
export const NEVER_S = 86_400;
/** The square of a gradient of this size exceeds float32, so that no step can take it. */
const EXPLODING = 1e30;

type KeptState = StateToKeep & { readonly state: AdapterState; readonly digest: string };

/** An adapter's row, its snapshots and its log, in memory; what a worker forgets in a crash is not here. */
export class AdapterWorld {
  readonly row = Object.assign(new AdapterEntity(), {
    id: ADAPTER_ID,
    modelId: 'mine',
    baseModel: FAKE_MODEL.name,
    lora: DEFAULT_LORA,
    deletedAt: null as Date | null,
    origin: null as AdapterOrigin | null,
    divergedAtStep: null as number | null,
    step: 0,
    hasGradients: false,
  });
  readonly log: LoggedOperation[] = [];
  logIsWhole = true;
  readonly snapshots = new Map<number, KeptState>();
  /** Positions of snapshots whose files are gone. */
  readonly torn = new Set<number>();
  /** By name. */
  readonly checkpoints = new Map<string, AdapterState>();
  /** What reading a checkpoint fails with. */
  readFailure: Error | null = null;
  position = 0;
  lease = 1;
  failWrites = false;
  beforeWrite: () => Promise<void> = () => Promise.resolve();

  operation(kind: OperationKind, request: OperationData = { json: {}, tensors: {} }): Operation {
    const position = ++this.position;
    return {
      requestId: `future_${position}`,
      position,
      owner: this.row.owner,
      weight: 1,
      kind,
      adapterId: this.row.id,
      modelId: this.row.modelId,
      baseModel: this.row.baseModel,
      request,
      lease: this.lease,
      deadline: Infinity,
    };
  }

  optimStep(): Operation {
    return this.operation('optim_step', optimStepOperation.encode(DEFAULT_ADAM));
  }

  forwardBackward(loss: LossSpec = { name: 'cross_entropy', config: {} }, weight = 1): Operation {
    const rows = { offsets: Int32Array.of(0, 2), trailingShape: [] };
    const lossInputs = {
      target_tokens: { data: Int32Array.of(2, 3), ...rows },
      weights: { data: Float32Array.of(weight, weight), ...rows },
    };
    const batch = { tokens: { data: Int32Array.of(1, 2), ...rows }, lossInputs };
    return this.operation('forward_backward', forwardPayload.encode({ batch, loss, logprobs: 'all' }));
  }

  /** Gradients that the next step rejects and drops. */
  explodingForwardBackward(): Operation {
    return this.forwardBackward({ name: 'cross_entropy', config: {} }, EXPLODING);
  }

  /** A row that has not been read from the database. */
  entity(): AdapterEntity {
    return Object.assign(new AdapterEntity(), this.row);
  }
}

/** The parts of each class that residency and restore use; their own dependencies are never reached. */
class FakeRepository extends AdapterRepository {
  constructor(private readonly worlds: readonly AdapterWorld[]) {
    super(null as never);
  }

  override async findById(id: string): Promise<AdapterEntity | null> {
    return this.worlds.find(({ row }) => row.id === id)?.entity() ?? null;
  }

  override async markDiverged(id: string, step: number): Promise<void> {
    const world = this.worlds.find(({ row }) => row.id === id);
    if (world) world.row.divergedAtStep ??= step;
  }
}

class FakeStates extends AdapterStateStore {
  constructor(
    private readonly worlds: readonly AdapterWorld[],
    private readonly memory: ComputeBackend,
  ) {
    super(memory, null as never, null as never, new FaultPoints(), null as never);
  }

  override async find(adapterId: string, upTo: number): Promise<AdapterSnapshotEntity[]> {
    const kept = [...worldOf(this.worlds, adapterId).snapshots.values()].filter(({ position }) => position <= upTo);
    return kept
      .sort((a, b) => b.position - a.position)
      .map(({ position, digest, state: { step } }) =>
        Object.assign(new AdapterSnapshotEntity(), { position, digest, step, path: String(position) }),
      );
  }

  override sourceOf({ id }: AdapterEntity, { path }: { path: string }): StateSource {
    const { torn, snapshots } = worldOf(this.worlds, id);
    const snapshot = snapshots.get(Number(path));
    if (torn.has(Number(path)) || snapshot === undefined) throw new StorageError('not there');
    return { state: snapshot.state };
  }

  override async write({ id }: AdapterEntity, snapshot: StateToKeep): Promise<void> {
    const world = worldOf(this.worlds, id);
    const [state, digest] = await Promise.all([this.memory.exportState(id), this.memory.digestState(id)]);
    if (world.failWrites) throw new Error('no room');
    await world.beforeWrite();
    world.snapshots.set(snapshot.position, { ...snapshot, state, digest });
  }

  override async deleteFailed(): Promise<void> {
    // No operation here leaves files behind when it fails.
  }
}

class FakeLog extends OperationLog {
  constructor(private readonly worlds: readonly AdapterWorld[]) {
    super(null as never);
  }

  override async isWhole(adapterId: string): Promise<boolean> {
    return worldOf(this.worlds, adapterId).logIsWhole;
  }

  override async *mutations(adapterId: string, { after, upTo }: PositionRange): AsyncGenerator<LoggedOperation> {
    for (const operation of worldOf(this.worlds, adapterId).log) {
      if (operation.position > after && operation.position <= upTo) yield operation;
    }
  }
}

class FakeCheckpoints extends CheckpointReader {
  constructor(private readonly worlds: readonly AdapterWorld[]) {
    super();
  }

  override async find({ id }: AdapterEntity, { name }: LoadRequest): Promise<StateSource> {
    const { checkpoints, readFailure } = worldOf(this.worlds, id);
    if (readFailure !== null) throw readFailure;
    const state = checkpoints.get(name);
    if (state === undefined) throw new StorageError('not there');
    return { state };
  }
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

export interface WorkerOptions {
  readonly snapshotIntervalS?: number;
  readonly snapshotSteps?: number;
  readonly losses?: LossRegistry;
  /** Other adapters that this one may refer to. */
  readonly others?: readonly AdapterWorld[];
}

/** A worker on the world: a new one knows nothing but what is stored. */
export class AdapterWorker {
  readonly backend: FakeBackend;
  readonly restore: AdapterRestore;
  readonly residency: AdapterResidency;
  private readonly handler: ChangeAdapterHandler;

  constructor(
    private readonly world: AdapterWorld,
    { snapshotIntervalS = NEVER_S, snapshotSteps = 0, losses, others = [] }: WorkerOptions = {},
  ) {
    this.backend = new FakeBackend([FAKE_MODEL], losses);
    const config = AppConfig.fromEnv({
      DATABASE_URL: 'postgres://x/y',
      SNAPSHOT_INTERVAL_S: String(snapshotIntervalS),
      SNAPSHOT_STEPS: String(snapshotSteps),
    });
    const worlds = [world, ...others];
    const rows = new FakeRepository(worlds);
    const states = new FakeStates(worlds, this.backend);
    const catalog = new OperationCatalog();
    const replay = new OperationReplay(rows, catalog);
    const log = new FakeLog(worlds);
    this.restore = new AdapterRestore(this.backend, rows, states, log, replay, new FakeCheckpoints(worlds));
    this.residency = new AdapterResidency(this.backend, rows, states, this.restore, new NoOrphans(), config);
    this.handler = new ChangeAdapterHandler(this.backend, this.residency, this.restore, catalog);
  }

  /** @param outcome 'failed' = its outcome could not be stored; 'lost' = neither was that */
  async run(operation: Operation, outcome: 'completed' | 'failed' | 'lost' = 'completed'): Promise<void> {
    const { effect = {} } = await this.handler.run(operation);
    if (outcome === 'lost') return;
    if (outcome === 'completed') this.log(operation, effect, false);
    await this.residency.settled(operation, outcome);
  }

  /** Runs an operation that fails and changes the adapter nevertheless. */
  async runFailing(operation: Operation): Promise<void> {
    const error = await this.handler.run(operation).then(
      () => new Error(`${operation.kind} did not fail`),
      (reason: unknown) => reason,
    );
    if (!(error instanceof FailedWithEffectError)) throw error;
    this.log(operation, error.effect, true);
    await this.residency.settled(operation, 'failed with effect');
  }

  async train(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      await this.run(this.world.forwardBackward());
      await this.run(this.world.optimStep());
    }
  }

  /** Makes the adapter resident, by a rebuild where it is not. */
  async use(): Promise<void> {
    await this.residency.use(this.world.operation('forward'));
  }

  state(): Promise<AdapterState> {
    return this.backend.exportState(this.world.row.id);
  }

  private log(operation: Operation, { step, digest }: OperationEffect, failed: boolean): void {
    this.world.log.push({ ...operation, failed, step: step ?? null, digest: digest ?? null });
  }
}

function worldOf(worlds: readonly AdapterWorld[], adapterId: string): AdapterWorld {
  const world = worlds.find(({ row }) => row.id === adapterId);
  if (world === undefined) throw new Error(`no world has ${adapterId}`);
  return world;
}
