import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { deserializeError } from '../../common/errors/app-error.js';
import { type Standstill, WorkersService } from '../workers/index.js';
import { type OperationKind } from '../../domain/operation.js';
import { type PendingFutureDto } from './dto/retrieve-future.dto.js';
import { QueueLoad } from './queue-load.js';
import { FuturesService } from './futures.service.js';
import { type FutureState } from './log/operation.js';
import { ResultPresenters } from './result-presenters.js';

/** The fields of a result, which depend on the kind, stand beside these: see dto/completed.dto.ts. */
export interface CompletedFuture extends Readonly<Record<string, unknown>> {
  readonly request_id: string;
  readonly model_id: string;
  readonly kind: OperationKind;
  readonly status: 'completed';
}

export type FutureAnswer = CompletedFuture | PendingFutureDto;

const QUEUE_STATES: Readonly<Record<Standstill['cause'], PendingFutureDto['queue_state']>> = {
  no_worker: 'no_worker',
  draining: 'no_worker',
  paused: 'paused',
};

/** Turns futures into what the root routes answer. */
@Injectable()
export class FuturesPresenter {
  constructor(
    private readonly futures: FuturesService,
    private readonly presenters: ResultPresenters,
    private readonly workers: WorkersService,
    private readonly load: QueueLoad,
  ) {}

  /** Waits for a future and answers it; throws its error when it failed. */
  async await(requestId: string, waitMs: number, signal?: AbortSignal): Promise<FutureAnswer> {
    const state = await this.futures.wait(requestId, waitMs, signal);
    if (state.error !== null) {
      const { details } = state.error;
      throw deserializeError({ ...state.error, details: { ...details, request_id: requestId, status: 'failed' } });
    }
    if (state.result === null) return this.toPending(state);
    return {
      ...this.presenters.present(state.kind, state.result),
      request_id: state.requestId,
      model_id: state.modelId,
      kind: state.kind,
      status: 'completed',
    };
  }

  private async toPending(state: FutureState): Promise<PendingFutureDto> {
    const isBusy = (await this.load.describePressure(currentOwner())) !== null;
    const cause = (await this.workers.standstill())?.cause;
    const stands = cause !== undefined && (state.status === 'pending' || cause === 'no_worker');
    return {
      request_id: state.requestId,
      model_id: state.modelId,
      status: state.status === 'running' ? 'running' : 'pending',
      queue_position: state.queuePosition,
      queue_state: stands ? QUEUE_STATES[cause] : isBusy ? 'paused_capacity' : 'active',
      created_at: state.createdAt.toISOString(),
    };
  }
}
