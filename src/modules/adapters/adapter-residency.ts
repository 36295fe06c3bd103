import { Injectable, Logger } from '@nestjs/common';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { isReadOnly } from '../../domain/operation.js';
import { type Operation, ObservesOperations, OperationLog, OperationObserver } from '../futures/index.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { type AdapterEntity } from './entities/adapter.entity.js';
import { AdapterNotFoundError } from './errors/adapter-not-found.error.js';
import { AdapterRepository } from './repositories/adapter.repository.js';
import { decodeForward, decodeOptimStep } from './training-operations.js';

/** What an operation changed about the adapter, for its row. */
export interface AdapterProgress {
  readonly step?: number;
  readonly hasGradients?: boolean;
}

/** An adapter that is in the backend's memory. */
interface LiveAdapter {
  readonly ready: Promise<AdapterEntity>;
  /** The last operation of the log that the memory contains. */
  applied: number;
  /** The last one whose outcome is stored, too. Differs from `applied` only while an operation runs, or after a fault. */
  stored: number;
  /** What the newest snapshot contains, and when it was taken. */
  snapshot: number;
  snapshotAt: number;
  writing: Promise<void> | null;
}

/**
 * Sees to it that an adapter is in the backend's memory, in the state that the log says, before an operation runs on
 * it, and writes its state down. The log is the truth: an adapter that is not there, or whose memory holds more than
 * the log, is rebuilt from the newest snapshot and the completed operations after it. Relies on the dispatcher: the
 * operations of one adapter come one after another, only read-only ones side by side.
 */
@Injectable()
@ObservesOperations()
export class AdapterResidency extends OperationObserver {
  private readonly logger = new Logger(AdapterResidency.name);
  private readonly live = new Map<string, LiveAdapter>();
  private readonly snapshotIntervalMs: number;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly adapters: AdapterRepository,
    private readonly states: AdapterStateStore,
    private readonly log: OperationLog,
    config: AppConfig,
  ) {
    super();
    this.snapshotIntervalMs = config.snapshotIntervalS * 1000;
  }

  /** Makes the adapter live for an operation that changes nothing. */
  async use(operation: Operation): Promise<AdapterEntity> {
    return (await this.enter(operation)).adapter;
  }

  /**
   * Runs an operation that changes the adapter. `work` either changes the backend's state as a whole or fails and
   * leaves it; what it reports goes into the adapter's row. With `persist` the new state is written down before the
   * operation completes: for what a replay of the log could not repeat.
   */
  async change<T>(
    operation: Operation,
    work: (adapter: AdapterEntity) => Promise<{ result: T; progress: AdapterProgress }>,
    options: { persist?: boolean } = {},
  ): Promise<T> {
    const { adapter, live } = await this.enter(operation);
    const { result, progress } = await work(adapter);
    live.applied = operation.position;
    if (options.persist) await this.persist(adapter, live);
    await this.record(adapter, progress);
    return result;
  }

  /** Writes the adapter's state down and frees its memory; does nothing when it is not live. */
  async unload({ adapterId }: Operation): Promise<void> {
    const live = adapterId === null ? undefined : this.live.get(adapterId);
    if (adapterId === null || !live) return;
    const adapter = await live.ready.catch(() => null);
    await live.writing;
    if (adapter && live.applied === live.stored && live.stored > live.snapshot) {
      await this.takeSnapshot(adapter, live);
    }
    await this.evict(adapterId);
  }

  /** Drops the adapter from memory; the next operation rebuilds it from the log. */
  async evict(adapterId: string): Promise<void> {
    const live = this.live.get(adapterId);
    this.live.delete(adapterId);
    await live?.writing;
    await this.backend.deleteAdapter(adapterId);
  }

  override async settled(operation: Operation, outcome: 'completed' | 'failed'): Promise<void> {
    const live = operation.adapterId === null ? undefined : this.live.get(operation.adapterId);
    if (!live) return;
    const adapter = await live.ready;
    if (isReadOnly(operation.kind)) return this.record(adapter, {});
    if (outcome === 'completed') {
      live.stored = operation.position;
      live.applied = operation.position;
      await this.snapshotWhenDue(adapter, live);
    } else if (live.applied === operation.position) {
      // It took effect in memory, but the log says that it failed.
      await this.evict(adapter.id);
    }
  }

  override async drained(): Promise<void> {
    for (const live of this.live.values()) {
      const adapter = await live.ready.catch(() => null);
      await live.writing;
      if (adapter && live.applied === live.stored && live.stored > live.snapshot) {
        await this.takeSnapshot(adapter, live);
        await live.writing;
      }
    }
  }

  override async dropped(): Promise<void> {
    this.live.clear();
  }

  private async enter({ adapterId, modelId }: Operation): Promise<{ adapter: AdapterEntity; live: LiveAdapter }> {
    if (adapterId === null) throw new TypeError(`The operation on '${modelId}' belongs to no adapter.`);
    let live = this.live.get(adapterId);
    if (!live || live.applied !== live.stored || !this.isInBackend(adapterId, live)) {
      live = this.rebuild(adapterId, modelId, live);
      this.live.set(adapterId, live);
    }
    try {
      return { adapter: await live.ready, live };
    } catch (error) {
      if (this.live.get(adapterId) === live) this.live.delete(adapterId);
      throw error;
    }
  }

  /** False when the backend has lost it (a crashed engine), not while it is being rebuilt. */
  private isInBackend(adapterId: string, live: LiveAdapter): boolean {
    return live.stored < 0 || this.backend.hasAdapter(adapterId);
  }

  private rebuild(adapterId: string, modelId: string, former: LiveAdapter | undefined): LiveAdapter {
    const restore = async (): Promise<AdapterEntity> => {
      await former?.writing;
      await this.backend.deleteAdapter(adapterId);
      const adapter = await this.adapters.findById(adapterId);
      if (!adapter || adapter.deletedAt) throw new AdapterNotFoundError(modelId);
      const position = await this.restore(adapter);
      live.applied = live.stored = position;
      this.markSnapshot(live, adapter.statePosition);
      return adapter;
    };
    // Positions of -1: being rebuilt.
    const live: LiveAdapter = {
      ready: restore(),
      ...{ applied: -1, stored: -1, snapshot: -1, snapshotAt: 0, writing: null },
    };
    return live;
  }

  /** Snapshot, then log. Returns the last position contained. */
  private async restore(adapter: AdapterEntity): Promise<number> {
    const { id, baseModel, lora } = adapter;
    const { statePath } = adapter;
    const state = statePath === null ? undefined : await this.states.read(adapter, statePath);
    await this.backend.createAdapter({ id, baseModel, lora }, state);
    let position = adapter.statePosition;
    let progress: AdapterProgress = {};
    for await (const operation of this.log.mutationsAfter(id, position)) {
      progress = { ...progress, ...(await this.replay(id, operation)) };
      position = operation.position;
    }
    await this.record(adapter, progress);
    return position;
  }

  /** Only for its effect on the state: the results were stored when it ran for the first time. */
  private async replay(adapterId: string, operation: Operation): Promise<AdapterProgress> {
    switch (operation.kind) {
      case 'forward_backward':
        await this.backend.forwardBackward(adapterId, decodeForward(operation.request));
        return { hasGradients: true };
      case 'optim_step': {
        const { step } = await this.backend.optimStep(adapterId, decodeOptimStep(operation.request));
        return { step, hasGradients: false };
      }
      case 'create_adapter':
      case 'unload_adapter':
        return {};
      default:
        // load_weights writes a snapshot before it completes, and a deleted adapter is never rebuilt.
        throw new TypeError(`${operation.kind} ${operation.requestId} cannot stand after the snapshot.`);
    }
  }

  private async snapshotWhenDue(adapter: AdapterEntity, live: LiveAdapter): Promise<void> {
    const due = Date.now() - live.snapshotAt >= this.snapshotIntervalMs;
    if (due && !live.writing && live.stored > live.snapshot) await this.takeSnapshot(adapter, live);
  }

  /** On failure the memory is ahead of the log, and the next operation rebuilds it. */
  private async persist(adapter: AdapterEntity, live: LiveAdapter): Promise<void> {
    await live.writing;
    const position = live.applied;
    await this.states.write(adapter, position, await this.backend.exportState(adapter.id));
    this.markSnapshot(live, position);
  }

  /** Copies the state while the adapter's line stands still; the files are written while it goes on. */
  private async takeSnapshot(adapter: AdapterEntity, live: LiveAdapter): Promise<void> {
    const position = live.stored;
    const state = await this.backend.exportState(adapter.id);
    live.writing = this.states
      .write(adapter, position, state)
      .then(() => this.markSnapshot(live, position))
      .catch((error: unknown) => {
        // The older snapshot and the log still hold everything.
        this.logger.warn(`No snapshot of adapter ${adapter.modelId} at ${position}: ${String(error)}`);
        live.snapshotAt = Date.now();
      })
      .finally(() => (live.writing = null));
  }

  private markSnapshot(live: LiveAdapter, position: number): void {
    live.snapshot = position;
    live.snapshotAt = Date.now();
  }

  /** The row's figures are for show; the log is what counts, so a fault here fails no operation. */
  private async record(adapter: AdapterEntity, progress: AdapterProgress): Promise<void> {
    try {
      await this.adapters.recordProgress(adapter.id, progress);
    } catch (error) {
      this.logger.warn(`Figures of adapter ${adapter.modelId} were not updated: ${String(error)}`);
    }
  }
}
