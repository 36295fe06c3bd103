export { TrainingWorkerModule } from './training-worker.module.js';
export { TrainingModule } from './training.module.js';
