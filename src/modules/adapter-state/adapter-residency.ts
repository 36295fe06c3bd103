import { totalmem } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { adapterEvicted } from '../../common/probes.js';
import { ComputeBackend, type LostMemory } from '../../compute/compute-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { FailedWithEffectError, type OperationOutcome } from '../../operations/operation-outcome.js';
import { isReadOnly } from '../../operations/operations.js';
import {
  type AdapterHolder,
  HoldsAdapters,
  ListensToOperations,
  type Operation,
  type OperationListener,
  type SettledOutcome,
} from '../futures/index.js';
import { AdapterRestore } from './adapter-restore.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { OrphanFolders } from './orphan-folders.js';
import { type AdapterEntity, AdapterNotFoundError, AdapterRepository } from '../adapters/index.js';

/** Weights, two moments and gradients, in float32. */
const BYTES_PER_PARAMETER = 4 * 4;
/** Of the machine's memory, for the states of adapters where nothing else is configured. */
const MEMORY_SHARE = 0.25;

/** An adapter that is in the backend's memory. */
interface ResidentAdapter {
  readonly ready: Promise<AdapterEntity>;
  /** The lease under which it was restored: under a later one, another worker may have changed the adapter meanwhile. */
  readonly lease: number;
  usedAt: number;
  /** Of its state in memory; 0 until it is there. */
  bytes: number;
  /** The last operation of the log that the memory contains. */
  applied: number;
  /** The last one whose outcome is stored, too. Differs from `applied` only while an operation runs, or after a fault. */
  stored: number;
  /** What the newest snapshot contains, and when it was taken. */
  snapshot: number;
  snapshotAt: number;
  /** Optimiser steps since then. */
  snapshotSteps: number;
  writing: Promise<void> | null;
  /** The backend has told that its memory is gone. */
  isLost: boolean;
}

/**
 * Sees to it that an adapter is in the backend's memory, in the state that the log says, before an operation runs on
 * it, and writes its state down. The log is the truth: an adapter that is not there, or whose memory holds more than
 * the log, is restored from it. Relies on the dispatcher: the operations of one adapter come one after another, only
 * read-only ones side by side.
 */
@Injectable()
@HoldsAdapters()
@ListensToOperations()
export class AdapterResidency implements AdapterHolder, OperationListener {
  private readonly logger = new Logger(AdapterResidency.name);
  /** Those used last come last. */
  private readonly live = new Map<string, ResidentAdapter>();
  private readonly memoryLimit: number;

  constructor(
    private readonly backend: ComputeBackend,
    private readonly adapters: AdapterRepository,
    private readonly states: AdapterStateStore,
    private readonly restore: AdapterRestore,
    private readonly orphans: OrphanFolders,
    private readonly config: AppConfig,
  ) {
    backend.onLoss((lost) => this.onLoss(lost));
    this.memoryLimit = config.adapterMemoryMb === 0 ? totalmem() * MEMORY_SHARE : config.adapterMemoryMb * 2 ** 20;
  }

  /** Makes the adapter live for an operation that changes nothing. */
  async use(operation: Operation): Promise<AdapterEntity> {
    return (await this.enter(operation)).adapter;
  }

  /**
   * Runs an operation that changes the adapter. `work` either changes the backend's state as a whole or fails and
   * leaves it (unless it fails with a FailedWithEffectError). With `persist` the new state is written down before the
   * operation completes, and pinned: for what a replay of the log could not repeat.
   */
  async change(
    operation: Operation,
    work: (adapter: AdapterEntity) => Promise<OperationOutcome>,
    options: { persist?: boolean } = {},
  ): Promise<OperationOutcome> {
    const { adapter, live } = await this.enter(operation);
    const outcome = await work(adapter).catch((error: unknown) => {
      if (error instanceof FailedWithEffectError) live.applied = operation.position;
      throw error;
    });
    live.applied = operation.position;
    if (options.persist) await this.persist(adapter, live);
    return outcome;
  }

  /** Writes the adapter's state down and frees its memory; does nothing when it is not live. */
  async unload(adapterId: string): Promise<void> {
    const live = this.live.get(adapterId);
    if (!live) return;
    await this.writeDown(live);
    await this.evict(adapterId);
  }

  /** Frees the adapter's memory; the next operation rebuilds it from the log. */
  async evict(adapterId: string): Promise<void> {
    const live = this.live.get(adapterId);
    if (live) adapterEvicted.publish({});
    this.live.delete(adapterId);
    await live?.writing;
    // An operation under a new lease may have brought it back meanwhile.
    if (!this.live.has(adapterId)) await this.backend.deleteAdapter(adapterId);
  }

  async settled(operation: Operation, outcome: SettledOutcome): Promise<void> {
    const live = operation.adapterId === null ? undefined : this.live.get(operation.adapterId);
    if (!live) return;
    const adapter = await live.ready;
    if (isReadOnly(operation.kind)) return;
    if (outcome !== 'failed') {
      live.stored = operation.position;
      live.applied = operation.position;
      if (operation.kind === 'optim_step') live.snapshotSteps++;
      this.snapshotWhenDue(adapter, live);
    } else if (live.applied === operation.position) {
      // It took effect in memory, but the log says that it failed.
      await this.evict(adapter.id);
      await this.states.deleteFailed(adapter.id);
    }
  }

  async drain(): Promise<void> {
    for (const live of this.live.values()) await this.writeDown(live);
  }

  holds(adapterId: string): boolean {
    return this.live.has(adapterId);
  }

  /** Idle adapters, and as many of the least recently used as must go for the others to have room; never the last one used. */
  evictable(): readonly string[] {
    let bytes = [...this.live.values()].reduce((sum, live) => sum + live.bytes, 0);
    const idleSince = Date.now() - this.config.adapterIdleS * 1000;
    return [...this.live]
      .slice(0, -1)
      .filter(([, live]) => {
        const goes = bytes > this.memoryLimit || live.usedAt < idleSince;
        if (goes) bytes -= live.bytes;
        return goes;
      })
      .map(([id]) => id);
  }

  private async enter(operation: Operation): Promise<{ adapter: AdapterEntity; live: ResidentAdapter }> {
    const { adapterId, modelId, lease } = operation;
    if (adapterId === null) throw new TypeError(`The operation on '${modelId}' does not belong to an adapter.`);
    let live = this.live.get(adapterId);
    if (!live || (live.isLost && !isRebuilding(live)) || live.lease !== lease || live.applied !== live.stored) {
      live = this.rebuild({ ...operation, adapterId }, live);
    }
    live.usedAt = Date.now();
    this.live.delete(adapterId);
    this.live.set(adapterId, live);
    const entered = live;
    const adapter = await entered.ready.catch((error: unknown) => {
      if (this.live.get(adapterId) === entered) this.live.delete(adapterId);
      if (!entered.isLost) throw error;
      return null;
    });
    // Lost while it was restored: once more, which fails while the engine is gone.
    return adapter === null || entered.isLost ? this.enter(operation) : { adapter, live: entered };
  }

  /** What is gone is rebuilt from the log at its next use. */
  private onLoss(lost: LostMemory): void {
    for (const [id, live] of this.live) if (lost.kind === 'engine' || lost.adapterId === id) live.isLost = true;
  }

  private rebuild(
    { adapterId, modelId, lease }: Operation & { adapterId: string },
    former: ResidentAdapter | undefined,
  ): ResidentAdapter {
    const load = async (): Promise<AdapterEntity> => {
      await former?.writing;
      return this.load({ adapterId, modelId }, live);
    };
    // Positions of -1: being rebuilt.
    const live: ResidentAdapter = {
      ready: load(),
      lease,
      usedAt: 0,
      bytes: 0,
      applied: -1,
      stored: -1,
      snapshot: -1,
      snapshotAt: 0,
      snapshotSteps: 0,
      writing: null,
      isLost: false,
    };
    return live;
  }

  private async load(
    { adapterId, modelId }: { adapterId: string; modelId: string },
    live: ResidentAdapter,
  ): Promise<AdapterEntity> {
    await this.backend.deleteAdapter(adapterId);
    const adapter = await this.adapters.findById(adapterId);
    if (!adapter || adapter.deletedAt) throw new AdapterNotFoundError(modelId);
    await this.states.deleteFailed(adapterId);
    await this.orphans.tidy(adapterId);
    const { position, snapshot } = await this.restore.restore(adapter);
    live.applied = live.stored = position;
    this.markSnapshot(live, snapshot);
    live.bytes = adapter.trainableParams * BYTES_PER_PARAMETER;
    return adapter;
  }

  private snapshotWhenDue(adapter: AdapterEntity, live: ResidentAdapter): void {
    const { snapshotIntervalS, snapshotSteps } = this.config;
    const due =
      Date.now() - live.snapshotAt >= snapshotIntervalS * 1000 ||
      (snapshotSteps > 0 && live.snapshotSteps >= snapshotSteps);
    if (due && !live.writing && live.stored > live.snapshot) this.takeSnapshot(adapter, live);
  }

  /** Takes a snapshot and waits for it, unless there is one of this state or the memory holds more than the log. */
  private async writeDown(live: ResidentAdapter): Promise<void> {
    const adapter = await live.ready.catch(() => null);
    await live.writing;
    if (!adapter || live.applied !== live.stored || live.stored <= live.snapshot) return;
    this.takeSnapshot(adapter, live);
    await live.writing;
  }

  /** On failure the memory is ahead of the log, and the next operation rebuilds it. */
  private async persist(adapter: AdapterEntity, live: ResidentAdapter): Promise<void> {
    await live.writing;
    const { applied: position, lease } = live;
    await this.states.write(adapter, { position, lease, pinned: true });
    this.markSnapshot(live, position);
  }

  /** The backend keeps the state of this moment; the files are written while the adapter's queue goes on. */
  private takeSnapshot(adapter: AdapterEntity, live: ResidentAdapter): void {
    const { stored: position, lease } = live;
    live.writing = this.states
      .write(adapter, { position, lease, pinned: false })
      .then(() => this.markSnapshot(live, position))
      .catch((error: unknown) => {
        // The older snapshot and the log still hold everything.
        this.logger.warn(
          `Could not write a state snapshot of adapter ${adapter.modelId} at position ${position}: ${String(error)}`,
        );
        live.snapshotAt = Date.now();
      })
      .finally(() => (live.writing = null));
  }

  private markSnapshot(live: ResidentAdapter, position: number): void {
    live.snapshot = position;
    live.snapshotAt = Date.now();
    live.snapshotSteps = 0;
  }
}

/** Its positions are not known yet. */
function isRebuilding({ stored }: ResidentAdapter): boolean {
  return stored < 0;
}
