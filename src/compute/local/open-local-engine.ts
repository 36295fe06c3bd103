import { type BaseModel } from '../../base-models/base-model.js';
import { openCheckpoint } from '../../base-models/checkpoint-files.js';
import { readConfigFile } from '../../base-models/model-config/config-file.js';
import { parseHfConfig } from '../../base-models/model-config/hf-config.js';
import { LocalEngine } from './local-engine.js';
import { type LocalModel } from './local-model.js';
import { type LocalSettings } from './local-settings.js';
import { selectExecutor } from './select-executor.js';
import { prepareWeightFile } from './weight-file.js';

type ModelFiles = Pick<BaseModel, 'name' | 'folder'>;

/** The engine of these settings. @throws DeviceUnavailableError */
export async function openLocalEngine(settings: LocalSettings, models: readonly ModelFiles[]): Promise<LocalEngine> {
  const { memoryBudgetBytes, batching, cacheFolder } = settings;
  return new LocalEngine({
    executor: await selectExecutor(settings),
    memoryBudgetBytes,
    batching,
    loadModels: () => Promise.all(models.map((model) => loadModel(model, cacheFolder))),
  });
}

async function loadModel({ name, folder }: ModelFiles, cacheFolder: string): Promise<LocalModel> {
  const config = parseHfConfig(await readConfigFile(folder, name), name);
  const checkpoint = await openCheckpoint(folder, config, name);
  return { name, config, weights: await prepareWeightFile(checkpoint, { cacheFolder }) };
}
