import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppConfig } from '../../config/app-config.js';
import { WrittenLossEntity } from './entities/written-loss.entity.js';
import { type LossFunction } from '../../losses/loss-function.js';
import { BUILT_IN_LOSSES, LossRegistry } from '../../losses/loss-registry.js';
import { LossesController } from './losses.controller.js';
import { LossesService } from './losses.service.js';
import { loadLosses } from '../../losses/plugins/load-losses.js';
import { WrittenLossRepository } from './repositories/written-loss.repository.js';

/** The losses this service knows, those that clients write, and their routes. */
@Module({
  imports: [TypeOrmModule.forFeature([WrittenLossEntity])],
  controllers: [LossesController],
  providers: [
    ...BUILT_IN_LOSSES,
    {
      provide: LossRegistry,
      inject: [AppConfig, ...BUILT_IN_LOSSES],
      useFactory: ({ lossPlugins }: AppConfig, ...builtIn: LossFunction[]) => loadLosses(builtIn, lossPlugins),
    },
    LossesService,
    WrittenLossRepository,
  ],
  exports: [LossRegistry, LossesService],
})
export class LossesModule {}
