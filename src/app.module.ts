import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig } from './config/app-config.js';
import { PlatformModule } from './platform.module.js';

/** The whole service, by role: features with their routes in the API, with their handlers in a worker. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig): DynamicModule {
    return { module: AppModule, imports: [PlatformModule.forRoot(config)] };
  }
}
