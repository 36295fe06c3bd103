export { CheckpointCopies, type CopyTarget } from './checkpoint-copies.js';
export { CheckpointLibrary } from './checkpoint-library.js';
export { type LoadCheckpoint, type SaveCheckpoint } from './checkpoint-orders.js';
export {
  CHECKPOINT_SEGMENTS,
  type CheckpointPath,
  formatCheckpointPath,
  isCheckpointPath,
  segmentOf,
} from '../../domain/checkpoint-path.js';
export {
  checkCheckpointName,
  namelessCheckpoint,
  parseCheckpointPath,
  readCheckpointPath,
  readOwnCheckpoint,
} from './checkpoint-path.js';
export { CheckpointsModule } from './checkpoints.module.js';
export { CheckpointsService } from './checkpoints.service.js';
export { CHECKPOINT_KINDS } from '../../domain/checkpoint-path.js';
export { CheckpointEntity } from './entities/checkpoint.entity.js';
export { CheckpointsWorkerModule } from './worker/checkpoints-worker.module.js';
export { SamplerWeights } from './worker/sampler-weights.js';
