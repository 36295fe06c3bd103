export type { WorkerStatus } from './entities/worker.entity.js';
export { WorkerRepository } from './worker.repository.js';
export { WorkersModule } from './workers.module.js';
export { WorkersService } from './workers.service.js';
