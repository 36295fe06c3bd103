import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { type BaseModel } from '../../../base-models/base-model.js';
import { ThreadPool } from '../../../common/threads/thread-pool.js';
import { buffersOf } from '../../../common/threads/thread-task.js';
import { AppConfig } from '../../../config/app-config.js';
import { packArchive, readArchive } from '../../../formats/adapter-archive.js';
import { UnsupportedAdapterError } from '../../../formats/format.errors.js';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '../../../formats/peft-adapter.js';
import { parsePeftConfig } from '../../../formats/peft-config.js';
import { CheckpointStore } from '../../../storage/checkpoint-store.js';
import { ADOPT_FILES } from './adopted-files.js';
import { type AdapterEntity, AdaptersService, type NewAdapter } from '../../adapters/index.js';
import { type Accepted, FuturesService } from '../../futures/index.js';
import { CheckpointsService } from '../checkpoints.service.js';
import { withFirstState } from './first-state.js';

/** An export whose client has gone is cleaned up after this. */
const EXPORT_TTL_S = 600;
const MIB = 2 ** 20;

/** Adapters out to PEFT and in from it, as tar streams. */
@Injectable()
export class AdapterFilesService {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly adapters: AdaptersService,
    private readonly futures: FuturesService,
    private readonly store: CheckpointStore,
    private readonly config: AppConfig,
    private readonly threads: ThreadPool,
  ) {}

  /**
   * The adapter as it is after all operations sent before, as a tar of PEFT's two files. Null when the signal aborts
   * before it is there. @throws StorageOutageError in place of letting the client wait for room
   */
  async export(modelId: string, signal: AbortSignal): Promise<Readable | null> {
    await this.store.checkWritable();
    const { location, requestId } = await this.checkpoints.saveHidden(modelId, EXPORT_TTL_S);
    if (!(await this.futures.result(requestId, signal))) return null;
    const checkpoint = await this.checkpoints.get(location);
    const files = new Map<string, Uint8Array>();
    for (const name of [ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE]) {
      files.set(name, await this.store.read(checkpoint.path, name));
    }
    await this.checkpoints.delete(location);
    return packArchive(files, checkpoint.createdAt);
  }

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
    const { lora, ...first } = await this.threads.run(ADOPT_FILES, foreign, buffersOf(files.values()));
    return withFirstState(this.store, id, first, (firstState) =>
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
