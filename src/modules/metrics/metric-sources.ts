import { Injectable } from '@nestjs/common';
import { BodyBudget } from '../../common/http/bodies/body-budget.js';
import { StorageCheck } from '../../storage/storage-check.js';
import { AdapterRepository } from '../adapters/index.js';
import { OperationLogRepository, WaiterHub } from '../futures/index.js';
import { WorkersService } from '../workers/index.js';

/** Where the metrics of every process are read. */
@Injectable()
export class MetricSources {
  constructor(
    readonly log: OperationLogRepository,
    readonly adapters: AdapterRepository,
    readonly workers: WorkersService,
    readonly storage: StorageCheck,
    readonly polls: WaiterHub,
    readonly bodies: BodyBudget,
  ) {}
}
