import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ulid } from 'ulid';
import { ComputeBackend } from '../../compute/compute-backend.js';
import { AppConfig } from '../../config/app-config.js';
import { AdapterMemory } from './adapter-memory.js';
import { ComputeLock } from './compute-lock.js';
import { WorkIntake } from './work-intake.js';
import { WorkerPresence } from './worker-presence.js';

/**
 * The life of a compute worker: load the engine, stand by for the compute lock, put what a dead worker left running
 * back into its lines, take work; on shutdown finish what runs, write state down, free the engine. When the lock is
 * lost it takes no new work until it has it again.
 */
@Injectable()
export class ComputeWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ComputeWorker.name);
  private readonly closing = new AbortController();
  private readonly workerId = `worker_${ulid()}`;
  /** Null until the engine is up. */
  private working: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly backend: ComputeBackend,
    private readonly presence: WorkerPresence,
    private readonly lock: ComputeLock,
    private readonly intake: WorkIntake,
    private readonly memory: AdapterMemory,
  ) {}

  /** Fails, and with it the start of the process, when the engine or a base model cannot be loaded. */
  async onApplicationBootstrap(): Promise<void> {
    await this.backend.start();
    const { engine, device } = this.backend.capabilities;
    this.logger.log(`Engine ${engine} on ${device} is ready`);
    await this.presence.start(this.workerId);
    this.working = this.work();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.working === null) return;
    this.logger.log('Shutting down: finishing what runs');
    this.closing.abort();
    await this.working;
    if (await this.intake.drain(this.workerId, this.config.shutdownGraceS * 1000)) await this.memory.flush();
    await this.presence.stop();
    await this.lock.release();
    await this.backend.stop();
  }

  /** Holds the lock and takes work, over and over, until the process shuts down. */
  private async work(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const lost = new AbortController();
      if (!(await this.lock.acquire(() => lost.abort(), this.closing.signal))) return;
      try {
        await this.takeOver();
      } catch (error) {
        this.logger.warn(`Could not take over the work, trying again: ${String(error)}`);
        await this.lock.release();
        continue;
      }
      await firstAbort(lost.signal, this.closing.signal);
      this.intake.close();
    }
  }

  private async takeOver(): Promise<void> {
    if (await this.presence.wasReplaced()) {
      this.logger.warn('Another worker has computed meanwhile: what is in memory here is out of date and is dropped');
      await this.intake.drained();
      await this.memory.drop();
    }
    await this.presence.activate();
    if (this.closing.signal.aborted) return;
    await this.intake.open(this.workerId, () => void this.lock.check());
  }
}

function firstAbort(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals);
  return new Promise((resolve) => {
    if (any.aborted) resolve();
    else any.addEventListener('abort', () => resolve(), { once: true });
  });
}
