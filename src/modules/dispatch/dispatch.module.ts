import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AdapterMemory } from './leases/adapter-memory.js';
import { ComputeWorker } from './worker/compute-worker.js';
import { Dispatcher } from './dispatcher.js';
import { HandlerRegistry } from './handler-registry.js';
import { LeaseRepository } from './leases/lease.repository.js';
import { Leases } from './leases/leases.js';
import { OperationPipeline } from './operation-pipeline.js';
import { Claims } from './steps/claims.js';
import { Notifications } from './steps/notifications.js';
import { Outcomes } from './steps/outcomes.js';
import { Payloads } from './steps/payloads.js';
import { JobWindow } from '../../queue/job-window.js';
import { Maintenance } from './maintenance.js';
import { WorkIntake } from './work-intake.js';
import { MemoryReader } from './worker/memory-reader.js';
import { WorkerConnection } from './worker/worker-connection.js';
import { WorkerPresence } from './worker/worker-presence.js';

/**
 * The worker's half: takes operations from the log and runs them in order. Part of a process whose ROLE includes
 * worker; needs the compute module and the modules with the handlers beside it.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    HandlerRegistry,
    Claims,
    Payloads,
    Outcomes,
    Notifications,
    OperationPipeline,
    Dispatcher,
    JobWindow,
    Maintenance,
    WorkIntake,
    WorkerConnection,
    LeaseRepository,
    Leases,
    MemoryReader,
    WorkerPresence,
    AdapterMemory,
    ComputeWorker,
  ],
  exports: [Dispatcher, Maintenance, HandlerRegistry],
})
export class DispatchModule {}
