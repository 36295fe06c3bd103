import { Injectable, Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { adapterRestored } from '../../common/probes.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { type AdapterHandle, ComputeBackend, type StateSource } from '../../compute/compute-backend.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { type AdapterContext, type AdapterFigures } from '../../operations/adapter-context.js';
import { type LoadRequest } from '../../operations/payloads/load-payload.js';
import {
  type AdapterEntity,
  type AdapterOrigin,
  AdapterRepository,
  type AdapterSnapshotEntity,
} from '../adapters/index.js';
import { OperationLog } from '../futures/index.js';
import { AdapterStateStore } from './adapter-state.store.js';
import { CheckpointReader } from './checkpoint-reader.js';
import { StateLostError } from './errors/state-lost.error.js';
import { OperationReplay } from './operation-replay.js';

/** Where a restored state stands in the log, and the snapshot that it was made from. */
export interface RestoredTo {
  readonly position: number;
  /** 0: fresh weights. */
  readonly snapshot: number;
}

type ForkOrigin = AdapterOrigin & { readonly kind: 'fork' };

/** Where a rebuild puts the state, and up to which operation it goes. */
interface RestoreGoal {
  /** The adapter's id in the backend. */
  readonly liveId: string;
  /** The adapter that gets the state, and is marked when it has diverged: the fork, when its source is rebuilt for it. */
  readonly heir: AdapterEntity;
  readonly upTo: number;
}

/** How far a rebuild has come. */
interface Progress {
  readonly position: number;
  /** Optimiser steps. */
  readonly step: number;
}

/**
 * Rebuilds an adapter's state in the backend, as it is now or as it was at an earlier position of its log: from the
 * newest snapshot that can be read and has its digest, else from fresh weights, and then by replaying every operation
 * after it.
 */
@Injectable()
export class AdapterRestore {
  private readonly logger = new Logger(AdapterRestore.name);

  constructor(
    private readonly backend: ComputeBackend,
    private readonly adapters: AdapterRepository,
    private readonly states: AdapterStateStore,
    private readonly log: OperationLog,
    private readonly replay: OperationReplay,
    private readonly checkpoints: CheckpointReader,
  ) {}

  /** The adapter as the log has it, live under its own id. @throws StateLostError */
  restore(adapter: AdapterEntity): Promise<RestoredTo> {
    return this.rebuild(adapter, { liveId: adapter.id, heir: adapter, upTo: Number.MAX_SAFE_INTEGER });
  }

  /**
   * Rebuilds the state right after the operation at `position`, for `heir`, in an adapter of its own, which lasts while
   * `use` runs; the resident adapter is not touched. @throws StateLostError
   */
  async withStateAt<T>(
    adapter: AdapterEntity,
    position: number,
    heir: AdapterEntity,
    use: (rebuilt: StateSource) => Promise<T>,
  ): Promise<T> {
    const liveId = `${adapter.id}.${ulid()}`;
    try {
      await this.rebuild(adapter, { liveId, heir, upTo: position });
      return await use({ adapterId: liveId });
    } finally {
      await this.backend.deleteAdapter(liveId);
    }
  }

  /** The adapter as operations change it: the resident one, or one that is rebuilt under `liveId`. */
  contextOf(adapter: AdapterEntity, liveId = adapter.id, heir = adapter): AdapterContext {
    return {
      backend: this.backend,
      adapterId: liveId,
      owner: heir.owner,
      rewindTo: async (position) => {
        const { baseModel, lora } = adapter;
        await this.withStateAt(adapter, position, heir, (rebuilt) =>
          this.backend.createAdapter({ id: liveId, baseModel, lora }, rebuilt),
        );
        return this.backend.describeState(liveId);
      },
      loadCheckpoint: (request) => this.loadCheckpoint(adapter, liveId, request),
    };
  }

  private async loadCheckpoint(adapter: AdapterEntity, liveId: string, request: LoadRequest): Promise<AdapterFigures> {
    const { optimizer } = request;
    await this.backend.loadState(liveId, await this.checkpoints.find(adapter, request), { optimizer });
    return this.backend.describeState(liveId);
  }

  private async rebuild(adapter: AdapterEntity, goal: RestoreGoal): Promise<RestoredTo> {
    const { liveId, heir, upTo } = goal;
    const began = performance.now();
    let replayed = 0;
    let { position, step } = await this.begin(adapter, goal);
    const snapshot = position;
    const rebuild = { adapter, heir, context: this.contextOf(adapter, liveId, heir), reported: new Set<string>() };
    for await (const operation of this.log.mutations(adapter.id, { after: snapshot, upTo })) {
      await this.replay.repeat(operation, rebuild, step);
      ({ position } = operation);
      step = operation.step ?? step;
      replayed++;
    }
    adapterRestored.publish({ seconds: (performance.now() - began) / 1000, replayed });
    return { position, snapshot };
  }

  /** Makes the adapter from a snapshot or anew; returns where it then is. */
  private async begin(adapter: AdapterEntity, { liveId, heir, upTo }: RestoreGoal): Promise<Progress> {
    const snapshots = await this.states.find(adapter.id, upTo);
    for (const snapshot of snapshots) {
      if (await this.load(adapter, liveId, snapshot)) return snapshot;
    }
    const { baseModel, lora, origin } = adapter;
    if (origin?.kind === 'stored' || !(await this.log.isWhole(adapter.id))) {
      const reason = snapshots.length === 0 ? 'it has no state snapshot' : 'none of its state snapshots can be read';
      throw new StateLostError(adapter.modelId, `${reason}, and the log does not reach back to its creation`);
    }
    const handle = { id: liveId, baseModel, lora };
    if (origin === null) await this.backend.createAdapter(handle);
    else await this.createFork(handle, origin, adapter.modelId, heir);
    return { position: 0, step: (await this.backend.describeState(liveId)).step };
  }

  /** What a fork begins with. The source may be deleted: its state stays until its forks have theirs. */
  private async createFork(
    handle: AdapterHandle,
    { adapterId, position }: ForkOrigin,
    modelId: string,
    heir: AdapterEntity,
  ): Promise<void> {
    const source = await this.adapters.findById(adapterId);
    if (source === null)
      throw new StateLostError(modelId, `the adapter that it was forked from does not exist any more`);
    await this.withStateAt(source, position, heir, (rebuilt) => this.backend.createAdapter(handle, rebuilt));
  }

  /** False when the snapshot is damaged: an older one and the log give the same state. */
  private async load(adapter: AdapterEntity, liveId: string, snapshot: AdapterSnapshotEntity): Promise<boolean> {
    const { id, modelId, baseModel, lora } = adapter;
    try {
      await this.backend.createAdapter({ id: liveId, baseModel, lora }, this.states.sourceOf(adapter, snapshot));
      const digest = await this.backend.digestState(liveId);
      if (snapshot.digest === null || digest === snapshot.digest) return true;
      this.logger.warn(
        `State snapshot ${snapshot.path} has digest ${digest} instead of ${snapshot.digest}; trying another one`,
      );
    } catch (error) {
      if (error instanceof EngineStoppedError || error instanceof StorageOutageError) throw error;
      this.logger.warn(`State snapshot ${snapshot.path} of adapter ${modelId} (${id}) is unusable: ${String(error)}`);
    }
    return false;
  }
}
