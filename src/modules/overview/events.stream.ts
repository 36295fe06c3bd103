import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { sendEvent, startEventStream } from '../../common/http/responses/event-stream.js';
import { type Caller } from '../keys/index.js';
import { presentSettled } from './events.presenter.js';
import { presentOverview } from './overview.presenter.js';
import { type Overview, OverviewService } from './overview.service.js';
import { SettledOperations } from './settled-operations.js';

const OVERVIEW_EVERY_MS = 2000;

/** Writes what happens to a client until it goes away, or this process stops. */
@Injectable()
export class EventsStream implements OnModuleDestroy {
  private readonly logger = new Logger(EventsStream.name);
  private readonly stopping = new AbortController();

  constructor(
    private readonly settled: SettledOperations,
    private readonly overview: OverviewService,
  ) {}

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  async write({ owner, isOperator }: Caller, signal: AbortSignal, response: Response): Promise<void> {
    const ended = AbortSignal.any([signal, this.stopping.signal]);
    startEventStream(response);
    const end = this.settled.listen(owner, (operations) => sendEvent(response, 'settled', presentSettled(operations)));
    try {
      while (!ended.aborted) {
        const overview = await this.describe(isOperator ? undefined : owner);
        if (overview !== null) sendEvent(response, 'overview', presentOverview(overview, isOperator));
        await pause(OVERVIEW_EVERY_MS, undefined, { signal: ended, ref: false }).catch(() => undefined);
      }
    } finally {
      end();
      response.end();
    }
  }

  /** Null while the database is away: the stream goes on. */
  private async describe(owner: string | undefined): Promise<Overview | null> {
    try {
      return await this.overview.describe(owner);
    } catch (error) {
      this.logger.warn(`Could not read what the service does: ${String(error)}`);
      return null;
    }
  }
}
