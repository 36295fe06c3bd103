export { GenerationWorkerModule } from './generation-worker.module.js';
export { GenerationModule } from './generation.module.js';
