import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';

interface OpenJob {
  readonly owner: string;
  readonly letGo: () => void;
}

/**
 * Jobs that this worker has taken from the queue. The queue gives out jobs in their order, QUEUE_CONCURRENCY at a time, so
 * those of one owner who sends many would keep those of all others out. Where the last place is taken, the newest job of
 * the owner with most of them is let go: it ends, while its operation waits in the dispatcher.
 */
@Injectable()
export class JobWindow {
  private readonly jobs = new Set<OpenJob>();
  private readonly size: number;

  constructor(config: AppConfig) {
    this.size = config.queueConcurrency;
  }

  /**
   * @param letGo ends the job before its operation is settled
   * @returns what to call when it has ended
   */
  open(owner: string, letGo: () => void): () => void {
    const job = { owner, letGo };
    this.jobs.add(job);
    // Nobody's jobs keep nobody else's out.
    if (this.jobs.size >= this.size && owner !== '') this.letOneGo();
    return () => void this.jobs.delete(job);
  }

  private letOneGo(): void {
    const counts = new Map<string, number>();
    for (const { owner } of this.jobs) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    const [most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    const newest = [...this.jobs].findLast(({ owner }) => owner === most)!;
    this.jobs.delete(newest);
    newest.letGo();
  }
}
