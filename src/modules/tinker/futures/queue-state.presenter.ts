import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { type FutureState, QueueLoad } from '../../futures/index.js';
import { OwnLimits, WINDOW_LIMITS } from '../../keys/index.js';
import { WorkersService } from '../../workers/index.js';
import { type TinkerPendingDto } from './dto/retrieve.dto.js';

type QueueState = Pick<TinkerPendingDto, 'queue_state' | 'queue_state_reason'>;

/** Why a request is not settled yet, in the words of the Tinker API. */
@Injectable()
export class TinkerQueueState {
  constructor(
    private readonly workers: WorkersService,
    private readonly load: QueueLoad,
    private readonly limits: OwnLimits,
  ) {}

  async describe(state: FutureState): Promise<TinkerPendingDto> {
    return { type: 'try_again', request_id: state.requestId, ...(await this.queueState(state)) };
  }

  private async queueState(state: FutureState): Promise<QueueState> {
    const reason = whyItWaits(state);
    const standstill = await this.workers.standstill();
    // What an operator orders does not concern a request that runs.
    if (standstill !== null && (state.status === 'pending' || standstill.cause === 'no_worker')) {
      return paused(`${standstill.reason}; the request is pending`);
    }
    const pressure = state.status === 'pending' ? await this.load.describePressure(currentOwner()) : null;
    if (pressure !== null) return paused(`${reason}; ${pressure}`);
    const reached = state.status === 'pending' ? await this.limits.reached() : undefined;
    if (reached === undefined) return { queue_state: 'active', queue_state_reason: reason };
    const until = `new requests are refused until ${reached.resetsAt.toISOString()}`;
    return {
      queue_state: 'paused_rate_limit',
      queue_state_reason: `${reason}; ${reached.used} of ${reached.allowed} ${WINDOW_LIMITS[reached.limit]} are used, ${until}`,
    };
  }
}

function paused(reason: string): QueueState {
  return { queue_state: 'paused_capacity', queue_state_reason: reason };
}

function whyItWaits({ status, queuePosition: ahead }: FutureState): string {
  if (status === 'running') return 'the request is running';
  if (ahead === 0) return 'the request is next';
  return ahead === 1 ? '1 request is ahead of it' : `${ahead} requests are ahead of it`;
}
