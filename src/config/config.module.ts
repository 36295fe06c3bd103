import { type DynamicModule, Global, Module } from '@nestjs/common';
import { FaultPoints } from '../common/fault-points.js';
import { AppConfig } from './app-config.js';

/** Makes the parsed configuration injectable everywhere, and the fault points that it plans. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: AppConfig, useValue: config },
        { provide: FaultPoints, useValue: new FaultPoints(config.faults) },
      ],
      exports: [AppConfig, FaultPoints],
    };
  }
}
