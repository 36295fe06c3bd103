import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type PeriodicRun, PeriodicTask, type PeriodicTaskOptions } from './periodic-task.js';

/** A provider that runs tasks at intervals, from the start of the application to its end. */
export abstract class PeriodicWork implements OnApplicationBootstrap, OnModuleDestroy {
  protected readonly logger = new Logger(this.constructor.name);
  protected abstract readonly tasks: readonly PeriodicTask[];

  onApplicationBootstrap(): Promise<void> | void {
    for (const task of this.tasks) task.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.stop()));
  }

  /** A task that logs its failures in the name of this class. */
  protected task(options: Omit<PeriodicTaskOptions, 'logger'>, run: PeriodicRun): PeriodicTask {
    return new PeriodicTask({ ...options, logger: this.logger }, run);
  }
}
