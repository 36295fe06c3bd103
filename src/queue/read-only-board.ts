import type { NextFunction, Request, Response } from 'express';
import { AppError } from '../common/errors/app-error.js';
import { sendError } from '../common/http/errors/app-exception.filter.js';

const READS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The dashboard shows the queue and changes nothing: a job only wakes a worker for a row, so that pausing the queue would
 * pause nothing (the rows are swept), and a job that is retried finds its row settled. bull-board hides its buttons in
 * read-only mode and refuses most of their requests; this refuses all of them, and says why.
 */
export function refuseChanges(request: Request, response: Response, next: NextFunction): void {
  if (READS.includes(request.method)) return next();
  response.setHeader('Allow', READS.join(', '));
  sendError(response, new DashboardReadOnlyError());
}

export class DashboardReadOnlyError extends AppError {
  constructor() {
    const remedy =
      'GET /futures lists the operations, POST /api/v1/cancel_future cancels a pending one, and stopping the workers ' +
      'pauses all of them; accepted operations are kept.';
    super(
      'dashboard_read_only',
      'user',
      405,
      `The queue dashboard is read-only: jobs are only wake-ups, and the operations are in the database. ${remedy}`,
      { remedy },
    );
  }
}
