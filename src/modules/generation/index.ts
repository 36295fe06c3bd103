export { ALTERNATIVE_TENSORS, SAMPLED_TOP_TENSORS, TARGETS, TOP_TENSORS } from './generate-operation.js';
export { GenerationWorkerModule } from './generation-worker.module.js';
export { GenerationModule } from './generation.module.js';
export { GenerationService, type Source } from './generation.service.js';
export { readStop } from './sampling-request.js';
