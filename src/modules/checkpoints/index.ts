export { CheckpointCopies, type CopyTarget } from './checkpoint-copies.js';
export { CheckpointLibrary } from './checkpoint-library.js';
export { CHECKPOINT_SEGMENTS, type CheckpointPath, formatCheckpointPath, isCheckpointPath, parseCheckpointPath, segmentOf } from './checkpoint-path.js';
export { CheckpointsWorkerModule } from './checkpoints-worker.module.js';
export { CheckpointsModule } from './checkpoints.module.js';
export { CheckpointsService } from './checkpoints.service.js';
export { CHECKPOINT_KINDS, CheckpointEntity } from './entities/checkpoint.entity.js';
export { SamplerWeights } from './sampler-weights.js';
export { sendFile } from './send-file.js';
