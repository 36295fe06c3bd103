import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';

interface OpenJob {
  readonly owner: string;
  readonly letGo: () => void;
}

/**
 * Jobs that this worker has taken from the queue. The queue gives out jobs in their order, QUEUE_CONCURRENCY at a time, so
 * those of one owner who sends many would keep those of all others out. When the last slot is taken, the newest job of
 * the owner with most of them is let go: it ends, while its operation waits in the dispatcher.
 */
@Injectable()
export class JobWindow {
  private readonly jobs = new Set<OpenJob>();
  private readonly size: number;

  constructor(config: AppConfig) {
    this.size = config.queueConcurrency;
  }

  /** Resolves when the job's work is done, or when it is let go; rejects when the work fails before that. */
  hold(owner: string, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const job = { owner, letGo: resolve };
      this.jobs.add(job);
      work.then(resolve, reject).finally(() => this.jobs.delete(job));
      // Nobody's jobs keep nobody else's out.
      if (this.jobs.size >= this.size && owner !== '') this.letOneGo();
    });
  }

  private letOneGo(): void {
    const counts = new Map<string, number>();
    for (const { owner } of this.jobs) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    const [most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    const newest = [...this.jobs].findLast(({ owner }) => owner === most);
    if (!newest) return;
    this.jobs.delete(newest);
    newest.letGo();
  }
}
