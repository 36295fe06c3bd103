import { Module } from '@nestjs/common';
import { BaseModelsModule } from '../../base-models/base-models.module.js';
import { AdaptersModule } from '../adapters/index.js';
import { AliasesModule } from '../aliases/index.js';
import { CapturesModule } from '../captures/index.js';
import { CheckpointsModule } from '../checkpoints/index.js';
import { GeneratePresenter } from './generate.presenter.js';
import { GenerationController } from './generation.controller.js';
import { GenerationService } from './generation.service.js';
import { ModelDirectory } from './model-directory.js';
import { GenerateReader } from './readers/generate.reader.js';
import { SamplingSources } from './sampling-sources.js';
import { GenerationStreamService } from './streaming/generation-stream.service.js';

/** Sampling requests, for the HTTP side. */
@Module({
  imports: [AdaptersModule, AliasesModule, BaseModelsModule, CapturesModule, CheckpointsModule],
  controllers: [GenerationController],
  providers: [
    GenerationService,
    GenerationStreamService,
    SamplingSources,
    ModelDirectory,
    GenerateReader,
    GeneratePresenter,
  ],
  exports: [GenerationService, GenerationStreamService, SamplingSources, ModelDirectory],
})
export class GenerationModule {}
