export { isCheckpointPath } from './checkpoint-path.js';
export { CheckpointsWorkerModule } from './checkpoints-worker.module.js';
export { CheckpointsModule } from './checkpoints.module.js';
export { CheckpointsService } from './checkpoints.service.js';
export { SamplerWeights } from './sampler-weights.js';
