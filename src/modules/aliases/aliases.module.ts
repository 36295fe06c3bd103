import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdaptersModule } from '../adapters/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { AliasesController } from './aliases.controller.js';
import { AliasesService } from './aliases.service.js';
import { AliasVersionEntity } from './entities/alias-version.entity.js';
import { AliasRepository } from './repositories/alias.repository.js';

/** Names for what is promoted and rolled back, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([AliasVersionEntity]), AdaptersModule, CheckpointsModule],
  controllers: [AliasesController],
  providers: [AliasesService, AliasRepository],
  exports: [AliasesService],
})
export class AliasesModule {}
