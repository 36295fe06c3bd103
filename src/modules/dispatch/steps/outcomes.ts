import { Injectable, Logger } from '@nestjs/common';
import { type AppError, serializeError } from '../../../common/errors/app-error.js';
import { isUnstorable } from '../../../common/errors/database-outage.error.js';
import { toAppError } from '../../../common/errors/internal.error.js';
import { FailedWithEffectError } from '../../../operations/operation-outcome.js';
import { type Completion, type Operation, ClaimRepository } from '../../futures/index.js';
import { LeaseRepository } from '../leases/lease.repository.js';
import { type ClaimedOperation } from './claims.js';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** What came of running an operation; `operation` is null where its payload could not be read. */
export type Computed =
  | ({ readonly operation: Operation; readonly error: null } & Completion)
  | { readonly operation: Operation | null; readonly error: AppError };

/**
 * Writes what becomes of a claimed operation into its row. Nothing that was computed is given up when the database goes
 * away: each write is retried until it works, or until the worker abandons what it cannot store.
 */
@Injectable()
export class Outcomes {
  private readonly logger = new Logger(Outcomes.name);

  constructor(
    private readonly rows: ClaimRepository,
    private readonly leases: LeaseRepository,
  ) {}

  /** Records that the turn of an operation that had to wait for it has come. False: it is not this worker's any more. */
  async begin(claimed: ClaimedOperation): Promise<boolean> {
    return claimed.row.begun || this.keepTrying(claimed, () => this.rows.begin(claimed.claim));
  }

  /**
   * Stores the result or the error. A result that the database can never take becomes a failure: it would keep the queue
   * from everything after it. Returns what is in the row now, or null when the row is not this worker's any more.
   */
  async store(claimed: ClaimedOperation, computed: Computed): Promise<Computed | null> {
    const { row, claim } = claimed;
    const { operation, error } = computed;
    const write = () =>
      error === null
        ? this.rows.complete(claim, computed)
        : this.rows.fail(claim, serializeError(error), error instanceof FailedWithEffectError ? error.effect : {});
    try {
      return (await this.keepTrying(claimed, write)) ? computed : null;
    } catch (refusal) {
      const failure = toAppError(refusal, `while storing the result of ${row.kind} ${row.request_id}`, this.logger);
      const failed = await this.keepTrying(claimed, () => this.rows.fail(claim, serializeError(failure)));
      return failed ? { operation, error: failure } : null;
    }
  }

  /** Puts the operation back into its queue, as if it had not been claimed. */
  async putBack(claimed: ClaimedOperation): Promise<void> {
    await this.keepTrying(claimed, () => this.rows.handBack(claimed.claim).then(() => true));
  }

  /** Puts the operation back into its queue and counts a crash against it. */
  async putBackAfterCrash(claimed: ClaimedOperation): Promise<void> {
    await this.keepTrying(claimed, () => this.leases.returnClaim(claimed.claim).then(() => true));
  }

  /** @throws errors that isUnstorable recognises; any other may pass. */
  private async keepTrying({ row, period }: ClaimedOperation, write: () => Promise<boolean>): Promise<boolean> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      try {
        return await write();
      } catch (error) {
        if (period.abandoned.aborted) return false;
        if (isUnstorable(error)) throw error;
        this.logger.warn(`Could not store ${row.request_id}; retrying in ${delayMs} ms: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }
}
