export { CheckpointLibrary } from './checkpoint-library.js';
export {
  checkCheckpointName,
  type CheckpointPath,
  formatCheckpointPath,
  isCheckpointPath,
  kindOf,
  parseCheckpointPath,
  segmentOf,
} from './checkpoint-path.js';
export { CheckpointsWorkerModule } from './checkpoints-worker.module.js';
export { CheckpointsModule } from './checkpoints.module.js';
export { CheckpointEntity } from './entities/checkpoint.entity.js';
export { CheckpointsService } from './checkpoints.service.js';
export { sendFile } from './send-file.js';
export { SamplerWeights } from './sampler-weights.js';
