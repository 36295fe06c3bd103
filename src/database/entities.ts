import { AdapterEntity } from '../modules/adapters/entities/adapter.entity.js';
import { CheckpointEntity } from '../modules/checkpoints/entities/checkpoint.entity.js';
import { FutureEntity } from '../modules/futures/entities/future.entity.js';
import { WorkerEntity } from '../modules/workers/entities/worker.entity.js';

/** Every table. */
export const ENTITIES = [AdapterEntity, CheckpointEntity, FutureEntity, WorkerEntity];
