export { type DatumContext, checkContextLength } from './readers/batch-context.js';
export { type BatchContext } from './readers/batch-context.js';
export { type TrainedSequence } from './readers/batch-context.js';
export { readTrainedCompletion } from './readers/completion.reader.js';
export { readTrainedChat } from './readers/conversation.reader.js';
export { TrainingWorkerModule } from './training-worker.module.js';
export { TrainingModule } from './training.module.js';
export { type BatchData, type OptimStepOrder, type TrainingOrder } from './training-orders.js';
export { TrainingService } from './training.service.js';
