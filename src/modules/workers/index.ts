export { BEAT_MS, IS_ALIVE } from './liveness.js';
export { WorkerRepository } from './worker.repository.js';
export { type WorkerCapabilities, WorkersService } from './workers.service.js';
