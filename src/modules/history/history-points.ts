import { Injectable } from '@nestjs/common';
import { FuturesService, OperationLogRepository } from '../futures/index.js';
import { isSettled } from '../../domain/operation.js';
import { type AdapterEntity, SnapshotRepository } from '../adapters/index.js';
import {
  AmbiguousStepError,
  HistoryPointError,
  NotInHistoryError,
  OutOfLogError,
  StepNotReachedError,
  UnknownStepError,
} from './errors/history.errors.js';
import { type Change, changesToStep, currentTimeline } from './timeline.js';

/** A point in an adapter's history, as a client names it. */
export interface HistoryPoint {
  readonly step?: number;
  readonly requestId?: string;
}

/** Finds the operation that a client means, and makes sure that the state after it can be rebuilt. */
@Injectable()
export class HistoryPoints {
  constructor(
    private readonly log: OperationLogRepository,
    private readonly futures: FuturesService,
    private readonly snapshots: SnapshotRepository,
  ) {}

  /** @param changes all of the adapter's, oldest first. @throws the errors of history.errors.ts */
  async find(adapter: AdapterEntity, changes: readonly Change[], wish: HistoryPoint): Promise<Change> {
    const { step, requestId } = wish;
    if ((step === undefined) === (requestId === undefined)) throw new HistoryPointError();
    const change =
      step === undefined
        ? await this.byRequest(adapter, changes, requestId ?? '')
        : await this.byStep(adapter, changes, step);
    await this.checkKept(adapter, changes, change);
    return change;
  }

  /** The newest change if no point is named; then no operation may be pending. */
  async findOrNow(adapter: AdapterEntity, changes: readonly Change[], wish: HistoryPoint): Promise<Change> {
    if (wish.step !== undefined || wish.requestId !== undefined) return this.find(adapter, changes, wish);
    const newest = changes.at(-1);
    if (newest === undefined || (await this.log.isChanging(adapter.id))) {
      throw new StepNotReachedError(adapter.modelId, 'The newest request', 'step');
    }
    return newest;
  }

  private async byStep(adapter: AdapterEntity, changes: readonly Change[], step: number): Promise<Change> {
    const timeline = currentTimeline(changes);
    const [change, ...others] = changesToStep(timeline, step);
    if (change === undefined) {
      if (await this.log.isChanging(adapter.id)) {
        throw new StepNotReachedError(adapter.modelId, `Step ${step}`, 'step');
      }
      const known = timeline.flatMap((one) => (one.step === null ? [] : [one.step]));
      const isAnyNameless = timeline.some((one) => one.kind === 'optim_step' && one.step === null);
      throw new UnknownStepError(adapter.modelId, step, known, isAnyNameless);
    }
    if (others.length > 0) {
      const ids = [change, ...others].map(({ requestId }) => requestId);
      throw new AmbiguousStepError(adapter.modelId, step, ids);
    }
    return change;
  }

  private async byRequest(
    { id, modelId }: AdapterEntity,
    changes: readonly Change[],
    requestId: string,
  ): Promise<Change> {
    const change = changes.find((one) => one.requestId === requestId);
    if (change !== undefined) return change;
    // Unknown ids, and other keys' ones, are told by the error of every route.
    const { adapterId, status } = await this.futures.summary(requestId);
    if (adapterId === id && !isSettled(status)) {
      throw new StepNotReachedError(modelId, `Request ${requestId}`, 'request_id');
    }
    throw new NotInHistoryError(modelId, requestId);
  }

  /** An import, a fork and a load have snapshots of their own; once these are too old, the log alone repeats none. */
  private async checkKept(
    { id, modelId, origin }: AdapterEntity,
    changes: readonly Change[],
    { position, requestId }: Change,
  ): Promise<void> {
    if ((await this.snapshots.findUsable(id, position)).length > 0) return;
    const isRepeatable =
      origin === null && !changes.some((one) => one.kind === 'load_weights' && one.position <= position);
    if (!isRepeatable || !(await this.log.isWhole(id))) throw new OutOfLogError(modelId, requestId);
  }
}
