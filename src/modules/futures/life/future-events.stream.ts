import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import {
  sendEvent,
  sendHeartbeat,
  startEventStream,
  writeStream,
} from '../../../common/http/responses/event-stream.js';
import { isSettled } from '../../../domain/operation.js';
import { FuturesService } from '../futures.service.js';
import { type FutureSummary } from '../repositories/future.repository.js';
import { presentLifeEvent, presentProgress } from './future-events.presenter.js';
import { lifeOf } from './life.js';
import { type Follower, FutureWatch } from './future-watch.js';

const HEARTBEAT_MS = 15_000;

/** The life of an operation as server-sent events, from any of them on and live. It ends when the operation is settled. */
@Injectable()
export class FutureEventsStream {
  constructor(
    private readonly futures: FuturesService,
    private readonly watch: FutureWatch,
  ) {}

  /** `last`: the id of the last event that the client has; -1 for none. */
  async write(row: FutureSummary, last: number, signal: AbortSignal, response: Response): Promise<void> {
    if (isSettled(row.status) && lifeOf(row).every(({ id }) => id <= last)) {
      // EventSource connects again after the end of a stream; this answer, by its standard, tells it not to.
      response.status(204).end();
      return;
    }
    startEventStream(response);
    const { follower, end } = this.watch.follow(row.requestId);
    await writeStream(response, () => this.follow(row, last, follower, signal, response).finally(end));
  }

  private async follow(
    first: FutureSummary,
    after: number,
    follower: Follower,
    signal: AbortSignal,
    response: Response,
  ): Promise<void> {
    let last = after;
    let shown = '';
    for (let row = first; ; row = await this.futures.summary(first.requestId)) {
      for (const event of lifeOf(row).filter(({ id }) => id > last)) {
        sendEvent(response, event.name, presentLifeEvent(row, event), event.id);
        last = event.id;
      }
      if (isSettled(row.status)) return;
      const progress = presentProgress(row, follower);
      const text = JSON.stringify(progress);
      if (progress !== null && text !== shown) sendEvent(response, 'progress', progress);
      shown = text;
      while (!(await follower.changed(HEARTBEAT_MS, signal))) {
        if (signal.aborted || this.watch.isClosed) return;
        sendHeartbeat(response);
      }
      if (this.watch.isClosed) return;
    }
  }
}
