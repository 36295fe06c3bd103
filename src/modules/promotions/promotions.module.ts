import { Module } from '@nestjs/common';
import { AliasesModule } from '../aliases/index.js';
import { FileLibraryModule } from '../files/index.js';
import { GenerationModule } from '../generation/index.js';
import { Evaluator } from './evaluator.js';
import { PromotionsController } from './promotions.controller.js';
import { PromotionsService } from './promotions.service.js';

/** Promotions of aliases: their route, and how targets are compared. */
@Module({
  imports: [AliasesModule, FileLibraryModule, GenerationModule],
  controllers: [PromotionsController],
  providers: [PromotionsService, Evaluator],
})
export class PromotionsModule {}
