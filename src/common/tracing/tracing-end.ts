import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { within } from '../concurrency/within.js';
import { tracing } from './tracing.js';

/** A collector that does not answer must not hold up a shutdown. */
const MAX_FLUSH_MS = 3000;

/** Sends the last spans when everything else of the process has ended. */
@Injectable()
export class TracingEnd implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    const active = tracing();
    if (active !== null) await within(MAX_FLUSH_MS, active.stop());
  }
}
