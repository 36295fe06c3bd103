import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { ApiKeyEntity } from '../entities/api-key.entity.js';

const WRITE_MS = 30_000;

/** Remembers which keys are in use, and writes it down now and then: one statement for all requests of half a minute. */
@Injectable()
export class KeyUse implements OnModuleInit, BeforeApplicationShutdown {
  private used = new Set<string>();
  private readonly task = new PeriodicTask(
    { purpose: 'record which keys are in use', intervalMs: WRITE_MS, logger: new Logger(KeyUse.name) },
    () => this.write(),
  );

  constructor(@InjectRepository(ApiKeyEntity) private readonly rows: Repository<ApiKeyEntity>) {}

  onModuleInit(): void {
    this.task.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.task.runNow();
    await this.task.stop();
  }

  /** The key has been used now. */
  note(id: string): void {
    this.used.add(id);
  }

  /** Writes what was noted since the last time. */
  async write(): Promise<void> {
    const ids = [...this.used];
    if (ids.length === 0) return;
    this.used = new Set();
    await this.rows.update({ id: In(ids) }, { lastUsedAt: new Date() });
  }
}
