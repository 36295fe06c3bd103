import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { SchemaReady } from '../config/schema-ready.js';
import { BaseModelCatalog } from './base-model-catalog.js';

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
          backend: 'local',
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

/** The project's folder, from the sources as from the build. */
function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
