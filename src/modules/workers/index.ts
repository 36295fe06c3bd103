export { BEAT_MS, IS_ALIVE } from './liveness.js';
export { WorkerRepository } from './worker.repository.js';
export { WorkersModule } from './workers.module.js';
export { WorkersService } from './workers.service.js';
