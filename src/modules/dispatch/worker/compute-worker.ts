import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ulid } from 'ulid';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { engineStarted } from '../../../common/probes.js';
import { within } from '../../../common/concurrency/within.js';
import { AppConfig } from '../../../config/app-config.js';
import { AdapterMemory } from '../leases/adapter-memory.js';
import { Leases } from '../leases/leases.js';
import { WorkIntake } from '../work-intake.js';
import { type WorkOrder, WorkerPresence } from './worker-presence.js';

const ENGINE_RETRY_MS = 1000;
/** How long a shutdown waits for an engine that is being started again. */
const RESTART_GRACE_MS = 5000;

const ORDERS: Readonly<Record<WorkOrder, string>> = {
  work: 'Starting operations again, as an operator has ordered',
  pause: 'An operator has paused the queue: finishing running operations, starting none',
  drain: 'An operator is draining this worker: finishing running operations and handing adapters over',
};

/**
 * The life of a compute worker: load the engine, show that it lives, take adapters and their work; when the engine dies,
 * start another; rest when an operator says so; on shutdown finish what runs, write state down, give the leases back, free the engine.
 */
@Injectable()
export class ComputeWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ComputeWorker.name);
  private readonly workerId = `worker_${ulid()}`;
  private order: WorkOrder = 'work';
  private started = false;
  private closing = false;
  private restarting: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly backend: ComputeBackend,
    private readonly presence: WorkerPresence,
    private readonly leases: Leases,
    private readonly intake: WorkIntake,
    private readonly memory: AdapterMemory,
  ) {
    // An engine may end while no operation is with it that could tell.
    backend.onLoss(({ kind }) => {
      if (kind === 'engine' && this.started) this.afterEngineLoss();
    });
  }

  /** Fails, and with it the start of the process, when the engine or a base model cannot be loaded. */
  async onApplicationBootstrap(): Promise<void> {
    // First, so that it has stood for a while when work is looked for.
    await this.presence.connect();
    await this.backend.start();
    engineStarted.publish({});
    const { engine, device, ranks, batching } = this.backend.capabilities;
    const where = ranks === 1 ? device : `${ranks} ranks on ${device}`;
    this.logger.log(`Engine ${engine} on ${where} is ready, batching ${batching}`);
    this.leases.start(this.workerId);
    await this.presence.start(this.workerId, (order) => this.afterBeat(order));
    this.started = true;
    this.open();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    await this.endRestart();
    if (this.started) {
      this.logger.log('Shutting down: finishing running operations');
      if (await this.intake.drain(this.workerId, this.config.shutdownGraceS * 1000)) await this.memory.drain();
      await this.leases.releaseAll();
    }
    await this.presence.stop();
    if (!this.started) return;
    // An engine that is gone has nothing to tell.
    await this.logWork().catch(() => undefined);
    await this.backend.stop();
  }

  /** An engine may wait for ranks that other hosts start, without end; stopping it ends that. */
  private async endRestart(): Promise<void> {
    if (this.restarting === null || (await within(RESTART_GRACE_MS, this.restarting))) return;
    await this.backend.stop().catch(() => undefined);
    await this.restarting;
  }

  private async logWork(): Promise<void> {
    const { passes, passRequests, steps, stepRequests } = await this.backend.countWork();
    this.logger.log(
      `The engine made ${passes} passes for ${passRequests} requests and ${steps} steps for ${stepRequests} requests`,
    );
  }

  private open(): void {
    this.intake.open(this.workerId, {
      onFenced: (adapterId) => this.afterFencing(adapterId),
      onEngineLost: () => this.afterEngineLoss(),
    });
    if (this.order !== 'work') this.intake.hold();
  }

  private async afterBeat(order: WorkOrder): Promise<void> {
    await this.memory.evictLost();
    const before = this.order;
    this.order = order;
    if (!this.started || this.closing || this.restarting !== null) return;
    if (order !== before) {
      this.logger.log(ORDERS[order]);
      if (order === 'work') this.open();
      else this.intake.hold();
    }
    if (order === 'drain') this.intake.handOver();
  }

  private afterFencing(adapterId: string | null): void {
    if (adapterId === null) return;
    this.memory
      .evictLost()
      .catch((error: unknown) => this.logger.warn(`Could not check for lost leases: ${String(error)}`));
  }

  /**
   * Called when the engine ends, and by every operation that this interrupts; one restart serves them all. Until the engine is
   * back there is no sign of life either, so that other workers take over when that takes long.
   */
  private afterEngineLoss(): void {
    if (this.closing || this.restarting !== null) return;
    this.intake.close();
    this.restarting = this.restartEngine().finally(() => (this.restarting = null));
  }

  private async restartEngine(): Promise<void> {
    this.logger.error('The compute engine has exited; its operations wait for a restart');
    await this.intake.drained();
    while (!this.closing) {
      try {
        await this.backend.start();
        engineStarted.publish({});
        this.logger.log('The compute engine has restarted');
        return this.open();
      } catch (error) {
        this.logger.error(`The compute engine did not start; retrying: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, ENGINE_RETRY_MS));
      }
    }
  }
}
