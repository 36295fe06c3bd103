import { Injectable, Logger } from '@nestjs/common';
import { toOutage } from '../../common/errors/database-outage.error.js';
import { StorageOutageError } from '../../common/errors/storage.errors.js';
import { EngineStoppedError } from '../../compute/engine-stopped.error.js';
import { type AdapterContext } from '../../operations/adapter-context.js';
import { type ReplayedOperation } from '../../operations/operation-definition.js';
import { FailedWithEffectError, type OperationEffect } from '../../operations/operation-outcome.js';
import { OperationCatalog } from '../../operations/operations.js';
import { type AdapterEntity, AdapterRepository } from '../adapters/index.js';
import { type LoggedOperation } from '../futures/index.js';
import { StateLostError } from './errors/state-lost.error.js';

/** One rebuild of an adapter, in which operations are replayed. */
export interface Rebuild {
  readonly adapter: AdapterEntity;
  /** The adapter that gets the state, and is marked when it has diverged: the fork, when its source is rebuilt for it. */
  readonly heir: AdapterEntity;
  readonly context: AdapterContext;
  /** Changes since the first run that have been reported already. */
  readonly reported: Set<string>;
}

/**
 * Applies logged operations once more, by the code that ran them first. The state after it must have the digest that it
 * had after the first run; where it does not, an alarm is raised and the adapter is marked as diverged, unless the backend
 * repeats results up to rounding only.
 */
@Injectable()
export class OperationReplay {
  private readonly logger = new Logger(OperationReplay.name);

  constructor(
    private readonly adapters: AdapterRepository,
    private readonly catalog: OperationCatalog,
  ) {}

  /** @param step the adapter's optimiser steps before the operation */
  async repeat(operation: LoggedOperation, rebuild: Rebuild, step: number): Promise<void> {
    const definition = this.catalog.replayed(operation.kind);
    if (definition === null) return;
    const request = definition.decode(operation.request);
    await this.reportChange(operation, definition.changeSince?.(request, rebuild.context.backend.capabilities), {
      ...rebuild,
      step: step + 1,
    });
    if (definition.replayReads === 'checkpoint') return this.repeatLoad(definition, request, operation, rebuild);
    const effect = await effectOf(definition, request, rebuild.context);
    if (effect.digest === undefined || operation.digest === null || effect.digest === operation.digest) return;
    if (rebuild.context.backend.capabilities.repeatability === 'rounding') {
      this.logger.log(`${operation.requestId} gave ${effect.digest} after ${operation.digest}: rounding may differ`);
      return;
    }
    await this.alarm(rebuild.heir, operation, effect.step ?? operation.step ?? step, effect.digest);
  }

  /**
   * Its snapshot, written before it completed, is damaged. Its checkpoint stands in for the snapshot if it still exists
   * and holds the same state.
   */
  private async repeatLoad(
    definition: ReplayedOperation,
    request: unknown,
    { kind, requestId, digest }: LoggedOperation,
    { adapter, context }: Rebuild,
  ): Promise<void> {
    const lost = `the snapshot of ${kind} ${requestId} cannot be read`;
    const effect = await effectOf(definition, request, context).catch((error: unknown) => {
      if (error instanceof EngineStoppedError || error instanceof StorageOutageError) throw error;
      throw (
        toOutage(error) ?? new StateLostError(adapter.modelId, `${lost}, nor can its checkpoint (${String(error)})`)
      );
    });
    if (effect.digest === digest) return;
    throw new StateLostError(adapter.modelId, `${lost}, and its checkpoint has been replaced since`);
  }

  /** Reported at once, because gradients that are not applied yet have no digest to compare. */
  private async reportChange(
    { requestId, position }: LoggedOperation,
    change: string | null | undefined,
    { heir: { id, modelId }, reported, step }: Rebuild & { readonly step: number },
  ): Promise<void> {
    if (!change || reported.has(change)) return;
    reported.add(change);
    this.logger.error(
      `Adapter ${modelId} (${id}) may have diverged at step ${step}: ${requestId} (position ${position}) is replayed, but ` +
        change,
    );
    await this.adapters.markDiverged(id, step);
  }

  /** Training continues: the state is as good as the lost one, but it is not the same. */
  private async alarm(
    { id, modelId }: AdapterEntity,
    { kind, requestId, position, digest: first }: LoggedOperation,
    step: number,
    again: string,
  ): Promise<void> {
    this.logger.error(
      `Adapter ${modelId} (${id}) has diverged at step ${step}: ${kind} ${requestId} (position ${position}) gave ` +
        `${String(first)} when it ran first and ${again} when it was repeated. Another kind of processor or another ` +
        `version of the engine computes other bits; if neither has changed, check the machine's memory.`,
    );
    await this.adapters.markDiverged(id, step);
  }
}

/** What an operation does to the adapter, whether it completes or fails with an effect. */
async function effectOf(
  definition: ReplayedOperation,
  request: unknown,
  context: AdapterContext,
): Promise<OperationEffect> {
  try {
    return (await definition.apply(context, request)).effect ?? {};
  } catch (error) {
    if (error instanceof FailedWithEffectError) return error.effect;
    throw error;
  }
}
