import { type AppError } from '../../common/errors/app-error.js';
import { type FairSemaphore } from '../../common/concurrency/fair-semaphore.js';
import { type Job } from '../../queue/job-queue.js';

/** What identifies a queue: an adapter, or a single request without one (to a base model or to sampler weights). */
export type QueueId = Pick<Job, 'adapterId' | 'requestId' | 'owner'>;

export function queueKey({ adapterId, requestId }: QueueId): string {
  return adapterId ?? requestId;
}

/** Something to do with an adapter between its operations. Never rejects. */
export type IdleTask = () => Promise<void>;

/**
 * One queue of operations in this worker: who waits for them, what runs, what is to be done in between. Holds state and
 * decides nothing; the operations themselves are rows. The dispatcher works on a queue while it is awake: a wake-up
 * during its last look makes it look again, so none is lost.
 */
export class AdapterQueue {
  readonly key: string;
  /** Whose requests are in it, as far as it is known. */
  owner = '';
  /** Jobs that stay active until their request is settled. */
  private readonly jobs = new Map<string, Deferred>();
  private readonly idleTasks: IdleTask[] = [];
  private readonly readers = new Set<Promise<void>>();
  private runningTask: Promise<void> | null = null;
  private waitsForSlot = false;
  /** Its slot among the adapters in use, and how many of its operations share it. */
  private adapterSlot: Promise<() => void> | null = null;
  private adapterSlotHolders = 0;
  private isAwake = false;
  private isWoken = false;
  private wakeUp: () => void = () => undefined;

  constructor(readonly id: QueueId) {
    this.key = queueKey(id);
  }

  /** True when the queue was at rest: the caller has to work on it. */
  wake(): boolean {
    this.isWoken = true;
    this.wakeUp();
    if (this.isAwake) return false;
    this.isAwake = true;
    return true;
  }

  /** False when nobody has woken the queue since the last call: it is at rest from now on. */
  takeWakeUp(): boolean {
    this.isAwake = this.isWoken;
    this.isWoken = false;
    return this.isAwake;
  }

  /** Settles when the request is settled here, or is another worker's business. */
  waitFor(requestId: string): Promise<void> {
    const job = this.jobs.get(requestId) ?? deferred();
    this.jobs.set(requestId, job);
    return job.promise;
  }

  /** Ends the job of a request, if it has one. */
  endJob(requestId: string, error: AppError | null): void {
    const job = this.jobs.get(requestId);
    this.jobs.delete(requestId);
    if (error === null) job?.resolve();
    else job?.reject(error);
  }

  /** Ends the jobs that are left: their requests do not wait any more. */
  endAllJobs(): void {
    for (const requestId of [...this.jobs.keys()]) this.endJob(requestId, null);
  }

  /** Operations that run side by side: none of them changes the adapter. */
  get readerCount(): number {
    return this.readers.size;
  }

  addReader(run: Promise<void>): void {
    const reader: Promise<void> = run.finally(() => this.readers.delete(reader));
    this.readers.add(reader);
  }

  readerDoneOrWoken(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.wakeUp = resolve));
    return Promise.race([woken, ...this.readers]);
  }

  async readersDone(): Promise<void> {
    await Promise.all(this.readers);
  }

  /** Waits until one of its operations may be claimed. Meanwhile an idle task may run, unless readers do. */
  async takeSlot(acquire: () => Promise<() => void>): Promise<() => void> {
    this.waitsForSlot = this.readers.size === 0;
    const release = await acquire();
    this.waitsForSlot = false;
    await this.runningTask;
    return release;
  }

  /** Takes one of the slots for adapters in use, or shares the one that operations of the queue hold. */
  async takeAdapterSlot(slots: FairSemaphore): Promise<() => void> {
    this.adapterSlotHolders++;
    this.adapterSlot ??= slots.acquire(this.owner);
    const release = await this.adapterSlot;
    return () => {
      this.adapterSlotHolders--;
      if (this.adapterSlotHolders > 0) return;
      this.adapterSlot = null;
      release();
    };
  }

  /**
   * Runs the task at once while the queue does nothing but wait for a slot. Else keeps it, unless one is kept already,
   * and returns true: the queue has to be woken.
   */
  addIdleTask(task: IdleTask): boolean {
    if (this.waitsForSlot) {
      this.runningTask ??= task().finally(() => (this.runningTask = null));
      return false;
    }
    if (this.idleTasks.length === 0) this.idleTasks.push(task);
    return true;
  }

  /** False when there is none, or when readers run. */
  async runIdleTask(): Promise<boolean> {
    const task = this.readers.size === 0 ? this.idleTasks.shift() : undefined;
    await task?.();
    return task !== undefined;
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: AppError) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
