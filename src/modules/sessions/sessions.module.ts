import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { SamplingSessionEntity } from './entities/sampling-session.entity.js';
import { SessionEntity } from './entities/session.entity.js';
import { SamplersService } from './samplers.service.js';
import { SessionExpiry } from './session-expiry.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

/** Sessions of the Tinker API and what they sample from, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([SessionEntity, SamplingSessionEntity]), AdaptersModule, CheckpointsModule],
  providers: [SessionsRepository, SessionsService, SamplersService, SessionExpiry],
  exports: [SessionsService, SamplersService],
})
export class SessionsModule {}
