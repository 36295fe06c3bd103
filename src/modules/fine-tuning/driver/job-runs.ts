import { Injectable } from '@nestjs/common';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { AdaptersService } from '../../adapters/index.js';
import { FilesService } from '../../files/index.js';
import { type JobEntity } from '../entities/job.entity.js';
import { JobDriveRepository } from '../repositories/job-drive.repository.js';
import { JobRepository } from '../repositories/job.repository.js';
import { JobRun } from './job-run.js';
import { UnitRequests } from './unit-requests.js';

/** Opens runs with what they work with. */
@Injectable()
export class JobRuns {
  constructor(
    private readonly baseModels: BaseModelCatalog,
    private readonly adapters: AdaptersService,
    private readonly files: FilesService,
    private readonly requests: UnitRequests,
    private readonly jobs: JobRepository,
    private readonly drive: JobDriveRepository,
  ) {}

  /** Base models that jobs can be driven on here. */
  get models(): readonly string[] {
    return this.baseModels.list().map(({ name }) => name);
  }

  open(job: JobEntity): JobRun {
    const { adapters, files, requests, jobs, drive } = this;
    return new JobRun(job, this.baseModels.get(job.baseModel), { adapters, files, requests, jobs, drive });
  }
}
