import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { StorageModule } from '../../storage/storage.module.js';
import { Conditions } from './conditions.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.service.js';
import { RootController } from './root.controller.js';

/** Liveness and readiness, which every role answers, and what each answers at /. */
@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }), StorageModule],
  controllers: [HealthController, RootController],
  providers: [Conditions, ReadinessService],
})
export class HealthModule {}
