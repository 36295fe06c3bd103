import { Logger } from '@nestjs/common';
import { type Operation } from '../../futures/index.js';

const logger = new Logger('Operations');

/** The API that accepted a request and this worker may have loaded different files; the request runs with those here. */
export function warnOfChange({ requestId }: Operation, change: string | null | undefined): void {
  if (change) logger.warn(`${requestId} is running, but ${change}`);
}
