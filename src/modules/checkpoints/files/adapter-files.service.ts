import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { type BaseModel } from '../../../base-models/base-model.js';
import { ThreadPool } from '../../../common/threads/thread-pool.js';
import { buffersOf } from '../../../common/threads/thread-task.js';
import { AppConfig } from '../../../config/app-config.js';
import { readArchive } from '../../../formats/adapter-archive.js';
import { UnsupportedAdapterError } from '../../../formats/format.errors.js';
import { ADAPTER_CONFIG_FILE } from '../../../formats/peft-adapter.js';
import { parsePeftConfig } from '../../../formats/peft-config.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { ADOPT_FILES } from './adopted-files.js';
import { type AdapterEntity, AdaptersService, type NewAdapter } from '../../adapters/index.js';
import { type Accepted } from '../../futures/index.js';
import { withFirstState } from './first-state.js';

const MIB = 2 ** 20;

/** Adapters in from PEFT, as tar streams. */
@Injectable()
export class AdapterFilesService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly store: CheckpointStore,
    private readonly config: AppConfig,
    private readonly threads: ThreadPool,
  ) {}

  /** A new adapter whose first state is the given one. Nothing is left behind when it is refused. */
  async import(
    source: Readable,
    { modelId, baseModel }: Pick<NewAdapter, 'modelId' | 'baseModel'>,
  ): Promise<{ adapter: AdapterEntity; accepted: Accepted }> {
    if (modelId !== undefined) await this.adapters.checkFree(modelId);
    const files = await readArchive(source, { maxBytes: this.config.bodyLimitMb * MIB, maxEntries: 100 });
    const model = this.baseModelOf(files, baseModel);
    const id = `adapter_${ulid()}`;
    const foreign = { files, config: model.config, baseModel: model.name };
    const { lora, files: adopted, ...state } = await this.threads.run(ADOPT_FILES, foreign, buffersOf(files.values()));
    return withFirstState(this.store, id, { source: adopted, ...state }, (firstState) =>
      this.adapters.create({ id, modelId, baseModel: model.name, lora, firstState }),
    );
  }

  /** The one the request names, else the one the adapter names. */
  private baseModelOf(files: ReadonlyMap<string, Uint8Array>, wished: string | undefined): BaseModel {
    if (wished !== undefined) return this.adapters.baseModel(wished);
    const config = files.get(ADAPTER_CONFIG_FILE);
    const named = config ? parsePeftConfig(config).baseModelName : null;
    if (named === null) return this.adapters.baseModel();
    if (this.adapters.isBaseModel(named)) return this.adapters.baseModel(named);
    const remedy =
      'If it is a copy of a base model that GET /get_server_capabilities lists, pass that one as ?base_model=...';
    throw new UnsupportedAdapterError(
      `The adapter belongs to base model '${named}', which is not available on this server. ${remedy}`,
      {
        field: 'base_model',
        remedy,
      },
    );
  }
}
