import { Injectable, Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { toOutage } from '../../common/errors/database-outage.error.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type OperationData } from '../../domain/operation-data.js';
import { type LoggedOperation, OperationLog } from '../futures/index.js';
import { AdapterStateStore } from './adapter-state.store.js';
import {
  type AdapterSnapshotEntity,
  type AdapterEntity,
  type AdapterOrigin,
  AdapterRepository,
} from '../adapters/index.js';
import { StateLostError } from './errors/state-lost.error.js';
import { OrphanFolders } from './orphan-folders.js';
import { pluginChange } from '../../operations/plugin-change.js';
import { decodeForward, decodeOptimStep, decodeRewind } from '../../operations/training-operations.js';

/** Where a restored state stands in the log, and the snapshot that it was made from. */
export interface RestoredTo {
  readonly position: number;
  /** 0: fresh weights. */
  readonly snapshot: number;
}

/** What a load_weights puts into the adapter: all of a state, or (without `optimizer`) its weights alone. */
export interface LoadedState {
  readonly state: AdapterState;
  readonly optimizer: boolean;
}

/** Reads what a load_weights has read. Fails when that is gone; whether it is still the same is not its business. */
export type LoadReader = (adapter: AdapterEntity, request: OperationData) => Promise<LoadedState>;

type ForkOrigin = AdapterOrigin & { readonly kind: 'fork' };

/** What to restore: into which adapter of the backend, and up to which operation. */
interface Target {
  readonly liveId: string;
  /** Who gets the state, and is marked where it is not what it was: the fork, when its source is repeated for it. */
  readonly heir: AdapterEntity;
  readonly upTo: number;
}

/** How far a rebuild has come. */
interface Place {
  readonly position: number;
  /** Optimiser steps. */
  readonly step: number;
}

/**
 * Rebuilds an adapter's state in the backend, now or at an earlier place of its log: the newest snapshot that can be
 * read and has its digest, else fresh weights, and then every operation after it once more. What a repeated step gives
 * must be what it gave the first time; where it is not, that is said aloud and marked.
 */
@Injectable()
export class AdapterRestore {
  private readonly logger = new Logger(AdapterRestore.name);
  private readLoad: LoadReader = () => Promise.reject(new TypeError('nobody has said how checkpoints are read'));

  constructor(
    private readonly backend: ComputeBackend,
    private readonly adapters: AdapterRepository,
    private readonly states: AdapterStateStore,
    private readonly log: OperationLog,
    private readonly orphans: OrphanFolders,
  ) {}

  /** For the module that knows checkpoints, which is above this one. */
  readLoadsWith(reader: LoadReader): void {
    this.readLoad = reader;
  }

  /** The adapter as the log has it, live under its own id. @throws StateLostError */
  async restore(adapter: AdapterEntity): Promise<RestoredTo> {
    await this.orphans.tidy(adapter.id);
    return this.rebuild(adapter, { liveId: adapter.id, heir: adapter, upTo: Number.MAX_SAFE_INTEGER });
  }

  /** The state right after the operation at `position`, for `heir`; the live adapter is not touched. @throws StateLostError */
  async stateAt(adapter: AdapterEntity, position: number, heir = adapter): Promise<AdapterState> {
    const liveId = `${adapter.id}.${ulid()}`;
    try {
      await this.rebuild(adapter, { liveId, heir, upTo: position });
      return await this.backend.exportState(liveId);
    } finally {
      await this.backend.deleteAdapter(liveId);
    }
  }

  private async rebuild(adapter: AdapterEntity, target: Target): Promise<RestoredTo> {
    let { position, step } = await this.begin(adapter, target);
    const snapshot = position;
    const changes = new Set<string>();
    for await (const operation of this.log.mutations(adapter.id, { after: snapshot, upTo: target.upTo })) {
      if (operation.kind === 'forward_backward') await this.watchPlugin(target.heir, operation, step + 1, changes);
      await this.replay(adapter, target, operation);
      ({ position } = operation);
      step = operation.step ?? step;
    }
    return { position, snapshot };
  }

  /** Makes the adapter from a snapshot or anew; returns where it then is. */
  private async begin(adapter: AdapterEntity, target: Target): Promise<Place> {
    const snapshots = await this.states.find(adapter.id, target.upTo);
    for (const snapshot of snapshots) {
      if (await this.load(adapter, target.liveId, snapshot)) return snapshot;
    }
    const { baseModel, lora, origin } = adapter;
    if (origin?.kind === 'stored' || !(await this.log.isWhole(adapter.id))) {
      const reason = snapshots.length === 0 ? 'there is no snapshot of it' : 'no snapshot of it can be read';
      throw new StateLostError(adapter.modelId, `${reason}, and the log does not go back to its beginning`);
    }
    const first = origin === null ? undefined : await this.stateOf(origin, adapter, target.heir);
    await this.backend.createAdapter({ id: target.liveId, baseModel, lora }, first);
    return { position: 0, step: first?.step ?? 0 };
  }

  /** What a fork begins with. The source may be deleted: its state stays until its forks have theirs. */
  private async stateOf(
    { adapterId, position }: ForkOrigin,
    { modelId }: AdapterEntity,
    heir: AdapterEntity,
  ): Promise<AdapterState> {
    const source = await this.adapters.findById(adapterId);
    if (source === null) throw new StateLostError(modelId, `the adapter that it was forked from is gone`);
    return this.stateAt(source, position, heir);
  }

  /** False when the snapshot is damaged: an older one and the log give the same state. */
  private async load(adapter: AdapterEntity, liveId: string, snapshot: AdapterSnapshotEntity): Promise<boolean> {
    const { id, modelId, baseModel, lora } = adapter;
    try {
      await this.backend.createAdapter({ id: liveId, baseModel, lora }, await this.states.read(adapter, snapshot));
      const digest = await this.backend.digestState(liveId);
      if (snapshot.digest === null || digest === snapshot.digest) return true;
      this.logger.warn(`Snapshot ${snapshot.path} has digest ${digest} in place of ${snapshot.digest}, trying another`);
    } catch (error) {
      if (error instanceof EngineStoppedError || error instanceof StorageOutageError) throw error;
      this.logger.warn(`Snapshot ${snapshot.path} of adapter ${modelId} (${id}) is not usable: ${String(error)}`);
    }
    return false;
  }

  /** Only for its effect on the state: the results were stored when it ran for the first time. */
  private async replay(adapter: AdapterEntity, { liveId, heir }: Target, operation: LoggedOperation): Promise<void> {
    switch (operation.kind) {
      case 'forward_backward':
        await this.backend.forwardBackward(liveId, decodeForward(operation.request));
        return;
      case 'optim_step': {
        if (operation.failed) {
          await this.backend.dropGradients(liveId);
          return;
        }
        const { step, digest } = await this.backend.optimStep(liveId, decodeOptimStep(operation.request));
        if (operation.digest !== null && digest !== operation.digest) {
          await this.alarm(heir, operation, step, digest);
        }
        return;
      }
      case 'rewind_adapter': {
        const { baseModel, lora } = adapter;
        const state = await this.stateAt(adapter, decodeRewind(operation.request).position, heir);
        await this.backend.createAdapter({ id: liveId, baseModel, lora }, state);
        return;
      }
      case 'create_adapter':
      case 'unload_adapter':
        return;
      case 'load_weights':
        return this.repeatLoad(adapter, liveId, operation);
      default:
        throw new TypeError(`${operation.kind} ${operation.requestId} changes no adapter that lives.`);
    }
  }

  /** Another file of a plugin is an alarm at once: gradients that are not applied yet have no digest to tell. */
  private async watchPlugin(
    { id, modelId }: AdapterEntity,
    { requestId, position, request }: LoggedOperation,
    step: number,
    known: Set<string>,
  ): Promise<void> {
    const change = pluginChange(decodeForward(request).loss, this.backend.capabilities);
    if (change === null || known.has(change)) return;
    known.add(change);
    this.logger.error(
      `Adapter ${modelId} (${id}) may have diverged at step ${step}: ${requestId} (position ${position}) runs again, but ` +
        change,
    );
    await this.adapters.markDiverged(id, step);
  }

  /** Its snapshot, written before it completed, is damaged; the checkpoint may be there, and the same, or not. */
  private async repeatLoad(
    adapter: AdapterEntity,
    liveId: string,
    { requestId, request, digest }: LoggedOperation,
  ): Promise<void> {
    const lost = `the snapshot of load_weights ${requestId} cannot be read`;
    try {
      const { state, optimizer } = await this.readLoad(adapter, request);
      await this.backend.importState(liveId, state, { optimizer });
    } catch (error) {
      if (error instanceof EngineStoppedError || error instanceof StorageOutageError) throw error;
      const outage = toOutage(error);
      if (outage !== null) throw outage;
      throw new StateLostError(adapter.modelId, `${lost}, and its checkpoint neither (${String(error)})`);
    }
    if ((await this.backend.digestState(liveId)) === digest) return;
    throw new StateLostError(adapter.modelId, `${lost}, and its checkpoint holds another state by now`);
  }

  /** Training goes on: the state is as good as the lost one, but it is not the same. */
  private async alarm(
    { id, modelId }: AdapterEntity,
    { requestId, position, digest: first }: LoggedOperation,
    step: number,
    again: string,
  ): Promise<void> {
    this.logger.error(
      `Adapter ${modelId} (${id}) has diverged: step ${step} (${requestId}, position ${position}) gave ${String(first)} ` +
        `when it ran first and ${again} when it was repeated. Another kind of processor or another version of the ` +
        `engine computes other bits; if neither has changed, check the machine's memory.`,
    );
    await this.adapters.markDiverged(id, step);
  }
}
