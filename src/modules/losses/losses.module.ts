import { Module } from '@nestjs/common';
import { LossRegistry } from './loss-registry.js';
import { LossesController } from './losses.controller.js';

/** The losses this service knows, and the routes that list them. */
@Module({
  controllers: [LossesController],
  providers: [{ provide: LossRegistry, useFactory: () => new LossRegistry() }],
  exports: [LossRegistry],
})
export class LossesModule {}
