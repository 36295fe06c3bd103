import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AllUsageController } from './administration/usage.controller.js';
import { UsageHourEntity } from './entities/usage-hour.entity.js';
import { UsageRetention } from './usage-retention.js';
import { UsageRepository } from './usage.repository.js';

/** What was used: written with every result by the operation log, read here. For the API alone. */
@Module({
  imports: [TypeOrmModule.forFeature([UsageHourEntity])],
  controllers: [AllUsageController],
  providers: [UsageRepository, UsageRetention],
  exports: [UsageRepository],
})
export class UsageModule {}
