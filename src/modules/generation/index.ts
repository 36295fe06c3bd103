export { GenerationWorkerModule } from './generation-worker.module.js';
export { GenerationModule } from './generation.module.js';
export { GenerationService } from './generation.service.js';
export { readStop } from './readers/stop.reader.js';
export { type SamplingOrder, type SamplingSource } from './sampling-order.js';
export { SamplingSources } from './sampling-sources.js';
