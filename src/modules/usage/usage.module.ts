import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsageHourEntity } from './entities/usage-hour.entity.js';
import { UsageRepository } from './usage.repository.js';

/** What was used: written with every result by the operation log, read here. */
@Module({
  imports: [TypeOrmModule.forFeature([UsageHourEntity])],
  providers: [UsageRepository],
  exports: [UsageRepository],
})
export class UsageModule {}
