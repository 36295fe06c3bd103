import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { SchemaReady } from '../config/schema-ready.js';
import { BaseModelCatalog } from './base-model-catalog.js';
import { packageFolder } from '../common/package-folder.js';

/**
 * Gives the catalog of base models, once the schema is up to date: large tokenizers keep the thread busy. The start waits for it and fails with the reason when a model cannot be had.
 */
@Module({
  providers: [
    {
      provide: BaseModelCatalog,
      inject: [AppConfig, { token: SchemaReady, optional: true }],
      useFactory: (config: AppConfig): Promise<BaseModelCatalog> => {
        const logger = new Logger('BaseModels');
        return BaseModelCatalog.load({
          entries: config.baseModels,
          backend: config.backend,
          hub: config.hub,
          weights: config.runsWorker,
          bundledFolder: join(packageFolder(), 'models', 'tiny-chat'),
          log: (message) => logger.log(message),
        });
      },
    },
  ],
  exports: [BaseModelCatalog],
})
export class BaseModelsModule {}
