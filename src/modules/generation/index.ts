export { GenerationWorkerModule } from './generation-worker.module.js';
export { GenerationModule } from './generation.module.js';
export { GenerationService, type Source } from './generation.service.js';
export { readStop } from './sampling-request.js';
