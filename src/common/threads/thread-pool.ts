import { availableParallelism } from 'node:os';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { deserializeError } from '../errors/app-error.js';
import { startThread, type TaskHost, type TaskHostEvents } from './task-host.js';
import { type ThreadAnswer } from './thread-entry.js';
import { ThreadsClosedError, ThreadTimeError } from './thread.errors.js';
import { type ThreadCall, type ThreadTask } from './thread-task.js';

interface Job {
  readonly call: ThreadCall;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Null: as long as it takes. */
  readonly limitMs: number | null;
}

interface Thread {
  readonly host: TaskHost;
  job: Job | null;
  /** Ends the thread when its task has taken too long. */
  limit?: NodeJS.Timeout;
  idle: NodeJS.Timeout | null;
}

const MAX_THREADS = Math.min(2, availableParallelism());
/** A thread that has had nothing to do for so long gives its memory back. */
const IDLE_MS = 10_000;

/**
 * Runs tasks in threads beside the event loop, so that nothing a client sends can hold up the answers of others. At most
 * two tasks run side by side, so their memory is bounded; the others wait in the order of their arrival. Threads start
 * when they are needed and end when they are not. Where the source runs uncompiled (tests), tasks run on the loop.
 */
@Injectable()
export class ThreadPool implements OnModuleDestroy {
  private readonly threads = new Set<Thread>();
  private readonly waiting: Job[] = [];
  private isClosed = false;

  /**
   * What the task makes of the input. `transfer`: buffers of the input that are not needed here any more.
   * `limitMs`: after which the thread is ended.
   * @throws the AppError of the task, ThreadMemoryError when it takes too much memory, ThreadTimeError
   */
  async run<Input, Output>(
    { url, run }: ThreadTask<Input, Output>,
    input: Input,
    transfer: readonly ArrayBuffer[] = [],
    limitMs: number | null = null,
  ): Promise<Output> {
    if (import.meta.url.endsWith('.ts')) return (await run(input)).value;
    if (this.isClosed) throw new ThreadsClosedError();
    const call = { url, name: run.name, input };
    return new Promise<Output>((resolve, reject) => {
      this.waiting.push({ call, transfer, resolve: resolve as Job['resolve'], reject, limitMs });
      this.next();
    });
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new ThreadsClosedError());
    for (const thread of this.threads) if (thread.job === null) this.end(thread);
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const free = [...this.threads].find(({ job }) => job === null);
    const thread = free ?? (this.threads.size < MAX_THREADS ? this.start() : null);
    const job = thread && this.waiting.shift();
    if (!thread || !job) return;
    thread.job = job;
    if (thread.idle) clearTimeout(thread.idle);
    if (job.limitMs !== null) thread.limit = setTimeout(() => this.abort(thread), job.limitMs).unref();
    thread.host.ref();
    try {
      thread.host.post(job.call, job.transfer);
    } catch (error) {
      this.settle(thread, () => job.reject(error instanceof Error ? error : new Error(String(error))));
    }
  }

  protected startHost(events: TaskHostEvents): TaskHost {
    return startThread(events);
  }

  private start(): Thread {
    const host = this.startHost({
      answered: (answer) => this.receive(thread, answer),
      died: (error) => {
        this.threads.delete(thread);
        this.settle(thread, (job) => job.reject(error));
      },
    });
    const thread: Thread = { host, job: null, idle: null };
    this.threads.add(thread);
    return thread;
  }

  private receive(thread: Thread, answer: ThreadAnswer): void {
    this.settle(thread, ({ resolve, reject }) => {
      if (answer.kind === 'value') return resolve(answer.value);
      if (answer.kind === 'refused') return reject(deserializeError(answer.error));
      reject(Object.assign(new Error(answer.message), { stack: answer.stack }));
    });
  }

  private settle(thread: Thread, tell: (job: Job) => void): void {
    const { job } = thread;
    thread.job = null;
    clearTimeout(thread.limit);
    if (job) tell(job);
    if (this.threads.has(thread)) {
      thread.host.unref();
      thread.idle = setTimeout(() => this.end(thread), IDLE_MS).unref();
      if (this.isClosed) this.end(thread);
    }
    this.next();
  }

  private abort(thread: Thread): void {
    this.threads.delete(thread);
    thread.host.end();
    this.settle(thread, ({ reject }) => reject(new ThreadTimeError()));
  }

  private end(thread: Thread): void {
    if (thread.job !== null) return;
    this.threads.delete(thread);
    thread.host.end();
  }
}
