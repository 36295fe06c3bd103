export { OptimStepDto } from './dto/optim-step.dto.js';
export { LOGPROBS } from './forward-result.js';
export { type DatumContext, checkContextLength } from './readers/batch-context.js';
export { TrainingWorkerModule } from './training-worker.module.js';
export { TrainingModule } from './training.module.js';
export { type DatumRequest, TrainingService } from './training.service.js';
