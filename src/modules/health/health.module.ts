import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from '../../storage/storage.module.js';
import { AdapterEntity, AdapterRepository } from '../adapters/index.js';
import { Conditions } from './conditions.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.service.js';
import { RootController } from './root.controller.js';

/** Liveness and readiness, which every role answers, and what each answers at /. */
@Module({
  imports: [
    TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }),
    TypeOrmModule.forFeature([AdapterEntity]),
    StorageModule,
  ],
  controllers: [HealthController, RootController],
  providers: [AdapterRepository, Conditions, ReadinessService],
})
export class HealthModule {}
