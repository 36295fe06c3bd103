import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { NotFoundError } from '../common/errors/request.errors.js';
import { ConfigError } from '../config/config.error.js';
import { type BackendKind } from '../compute/models/families/model-families.js';
import { type BaseModel } from './base-model.js';
import { openCheckpoint } from './checkpoint-files.js';
import { HfChatTokenizer } from './tokenizers/hf-chat-tokenizer.js';
import { readConfigFile } from './model-config/config-file.js';
import { parseModelConfig } from './model-config/hf-model-config.js';
import { fetchModel, type HubOptions } from './hub/hub-download.js';
import { HubRefusedError, HubUnreachableError } from './hub/hub.errors.js';

export const DEFAULT_BASE_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';

export interface CatalogOptions {
  /** Hugging Face ids or local folders; the first is the default model. */
  readonly entries: readonly string[];
  readonly hub: Pick<HubOptions, 'endpoint' | 'token' | 'home' | 'connectTimeoutMs'>;
  /** What computes: it decides which architectures are accepted. */
  readonly backend: BackendKind;
  /** Fetch and check the weights too; a process that does not compute needs none. */
  readonly weights: boolean;
  /** The model that stands in for DEFAULT_BASE_MODEL when the hub does not give it. */
  readonly bundledFolder: string;
  readonly log: (message: string) => void;
}

/** The base models that this server offers, fixed at start; also the DI token. */
export class BaseModelCatalog {
  private readonly byName: ReadonlyMap<string, BaseModel>;

  /** No two models of the same name; the first is the default. */
  constructor(private readonly models: readonly [BaseModel, ...BaseModel[]]) {
    this.byName = new Map(models.map((model) => [model.name, model]));
  }

  /**
   * Finds, fetches and checks every model. @throws the reason why one cannot be had: UnsupportedCheckpointError,
   * HubUnreachableError, HubRefusedError, ConfigError. Only the default entry has a substitute.
   */
  static async load(options: CatalogOptions): Promise<BaseModelCatalog> {
    const models: BaseModel[] = [];
    for (const entry of options.entries) {
      const model = await loadEntry(entry, options);
      if (models.some(({ name }) => name === model.name)) {
        throw new ConfigError([
          `BASE_MODELS contains two models with the name '${model.name}'. Rename one of the folders.`,
        ]);
      }
      models.push(model);
    }
    const [first, ...others] = models;
    if (!first) throw new ConfigError(['BASE_MODELS is empty.']);
    return new BaseModelCatalog([first, ...others]);
  }

  /** @throws UnsupportedCheckpointError when a chat template is not valid. Only who takes conversations needs them. */
  async checkTemplates(): Promise<void> {
    await Promise.all(this.models.map(({ tokenizer }) => tokenizer.checkTemplate()));
  }

  list(): BaseModel[] {
    return [...this.models];
  }

  /** @throws NotFoundError that lists the names. */
  get(name: string): BaseModel {
    const model = this.byName.get(name);
    if (model) return model;
    throw new NotFoundError('Base model', name, { remedy: `Use one of: ${[...this.byName.keys()].join(', ')}.` });
  }

  default(): BaseModel {
    return this.models[0];
  }
}

async function loadEntry(entry: string, options: CatalogOptions): Promise<BaseModel> {
  const local = await stat(join(entry, 'config.json')).catch(() => null);
  if (local) return openModel(basename(resolve(entry)), resolve(entry), options);
  if (!isHubId(entry)) {
    throw new ConfigError([
      `BASE_MODELS names '${entry}', which is neither a folder with a config.json nor a Hugging Face model id such as ` +
        `${DEFAULT_BASE_MODEL}.`,
    ]);
  }
  try {
    const { hub, weights, log } = options;
    return await openModel(
      entry,
      await fetchModel(entry, { ...hub, weights, onProgress: progressLog(entry, log), onNotice: log }),
      options,
    );
  } catch (error) {
    const hubFailed = error instanceof HubUnreachableError || error instanceof HubRefusedError;
    if (!hubFailed || entry !== DEFAULT_BASE_MODEL) throw error;
    options.log(`${error.message} Using the bundled model ${basename(options.bundledFolder)} instead of ${entry}.`);
    return openModel(basename(options.bundledFolder), options.bundledFolder, options);
  }
}

async function openModel(name: string, folder: string, options: CatalogOptions): Promise<BaseModel> {
  const what = `Base model '${name}'`;
  const config = parseModelConfig(await readConfigFile(folder, what), what, options.backend, options.log);
  if (options.weights) await openCheckpoint(folder, config, what);
  const tokenizer = await HfChatTokenizer.load(folder, what);
  if (tokenizer.vocabSize > config.vocabSize) {
    const ids = `from ${config.vocabSize} (its vocab_size) to ${tokenizer.vocabSize - 1}`;
    options.log(`${what} has tokens without embeddings: requests that contain ids ${ids} are rejected.`);
  }
  return { name, folder, config, tokenizer };
}

function isHubId(entry: string): boolean {
  const parts = entry.split('/');
  return parts.length <= 2 && parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part) && !part.includes('..'));
}

/** Logs the start and every tenth of a download. */
function progressLog(entry: string, log: (message: string) => void): HubOptions['onProgress'] {
  let tenths = -1;
  return ({ doneBytes, totalBytes }) => {
    const now = Math.floor((10 * doneBytes) / Math.max(1, totalBytes));
    if (now <= tenths || totalBytes < 1_000_000) return;
    tenths = now;
    log(`Downloading ${entry}: ${now * 10} % of ${(totalBytes / 1e6).toFixed(0)} MB`);
  };
}
