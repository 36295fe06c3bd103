import { Module } from '@nestjs/common';
import { AdapterStateModule } from '../adapter-state/index.js';
import { ForwardHandler } from './handlers/forward.handler.js';

/** Forward passes in the compute worker; what changes an adapter is run by the adapter-state module. */
@Module({
  imports: [AdapterStateModule],
  providers: [ForwardHandler],
})
export class TrainingWorkerModule {}
