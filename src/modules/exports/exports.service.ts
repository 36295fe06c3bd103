import { type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { ThreadPool } from '../../common/threads/thread-pool.js';
import { buffersOf } from '../../common/threads/thread-task.js';
import { AppConfig } from '../../config/app-config.js';
import { packExport } from '../../exports/export-archive.js';
import { ExportWithoutWeightsError } from '../../exports/export.errors.js';
import { type ExportFile, fileOfBytes } from '../../exports/export-file.js';
import { READ_LORA } from '../../exports/lora-weights.js';
import { ggufAdapter } from '../../exports/gguf/gguf-adapter.js';
import { ggufModel, ggufModelMetadata } from '../../exports/gguf/gguf-model.js';
import { architectureOf } from '../../exports/gguf/gguf-names.js';
import { mergedFolder } from '../../exports/merged-folder.js';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '../../formats/peft-adapter.js';
import { CheckpointStore } from '../../storage/checkpoint-store.js';
import { AdaptersService } from '../adapters/index.js';
import { type CheckpointEntity, CheckpointsService } from '../checkpoints/index.js';
import { FuturesService } from '../futures/index.js';
import { type ExportOrder } from './export-order.js';

/** A snapshot whose client has gone is deleted after this. */
const SNAPSHOT_TTL_S = 600;

/** An adapter as files of other programs. */
export interface Export {
  readonly modelId: string;
  readonly baseModel: BaseModel;
  readonly files: readonly ExportFile[];
  /** When the weights were saved. */
  readonly savedAt: Date;
}

interface Snapshot {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly savedAt: Date;
}

/** Adapters out to the formats of other programs. */
@Injectable()
export class ExportsService {
  constructor(
    private readonly checkpoints: CheckpointsService,
    private readonly adapters: AdaptersService,
    private readonly futures: FuturesService,
    private readonly store: CheckpointStore,
    private readonly config: AppConfig,
    private readonly threads: ThreadPool,
  ) {}

  /**
   * What cannot be exported is refused before anything is saved. Null when the signal aborts before the snapshot is there.
   * @throws ExportUnsupportedError, ExportWithoutWeightsError, StorageOutageError
   */
  async prepare(order: ExportOrder, signal: AbortSignal): Promise<Export | null> {
    const { modelId } = order;
    const adapter = await this.adapters.get(modelId);
    const baseModel = this.adapters.baseModel(adapter.baseModel);
    await this.check(baseModel, order);
    const snapshot = await this.snapshot(order, signal);
    if (snapshot === null) return null;
    const files = await this.filesOf(order, baseModel, snapshot.files);
    return { modelId, baseModel, files, savedAt: snapshot.savedAt };
  }

  archive({ files, savedAt }: Export): Readable {
    return packExport(files, savedAt);
  }

  private async check(baseModel: BaseModel, { format, outtype }: ExportOrder): Promise<void> {
    const needsWeights = format === 'merged' || format === 'gguf';
    if (needsWeights && !this.config.runsWorker) throw new ExportWithoutWeightsError(baseModel.name, format);
    if (format === 'gguf-adapter') architectureOf(baseModel.config);
    if (format === 'gguf') await ggufModelMetadata(baseModel, outtype);
  }

  private async filesOf(
    { format, outtype }: ExportOrder,
    baseModel: BaseModel,
    files: ReadonlyMap<string, Uint8Array>,
  ): Promise<ExportFile[]> {
    if (format === 'peft') return [...files].map(([name, bytes]) => fileOfBytes(name, bytes));
    const adapter = { files, config: baseModel.config };
    const pairs = await this.threads.run(READ_LORA, adapter, buffersOf(files.values()));
    switch (format) {
      case 'merged':
        return mergedFolder(baseModel, pairs, this.threads);
      case 'gguf':
        return ggufModel(baseModel, pairs, outtype, this.threads);
      case 'gguf-adapter':
        return ggufAdapter(baseModel, pairs);
    }
  }

  private async snapshot({ modelId, checkpoint }: ExportOrder, signal: AbortSignal): Promise<Snapshot | null> {
    if (checkpoint !== null) {
      return this.read(await this.checkpoints.get({ modelId, ...checkpoint }, 'checkpoint'));
    }
    await this.store.checkWritable();
    const { location, requestId } = await this.checkpoints.saveHidden(modelId, SNAPSHOT_TTL_S);
    if (!(await this.futures.result(requestId, signal))) return null;
    const snapshot = await this.read(await this.checkpoints.get(location));
    await this.checkpoints.delete(location);
    return snapshot;
  }

  /** PEFT's two files, or what replaces them where they are encrypted. */
  private async read({ path, createdAt }: CheckpointEntity): Promise<Snapshot> {
    const files = new Map<string, Uint8Array>();
    for (const name of await this.store.list(path)) {
      const isPeft = name.startsWith(ADAPTER_CONFIG_FILE) || name.startsWith(ADAPTER_WEIGHTS_FILE);
      if (isPeft) files.set(name, await this.store.read(path, name));
    }
    return { files, savedAt: createdAt };
  }
}
