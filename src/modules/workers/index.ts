export { type QueuePauseEntity } from './entities/queue-pause.entity.js';
export { BEAT_MS, IS_ALIVE } from './liveness.js';
export { MUST_REST } from './queue-pause.repository.js';
export { type WorkerEntity, type WorkerMemory } from './entities/worker.entity.js';
export { WorkerRepository } from './worker.repository.js';
export { type Standstill, type WorkerCapabilities, WorkersService } from './workers.service.js';
