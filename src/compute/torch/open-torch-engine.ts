import { Logger } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { GatheredRanks } from './ranks/gathered-ranks.js';
import { TorchEngine } from './torch-engine.js';
import { type TorchSettings } from './torch-settings.js';

/** Signs of life of a rank in the time for which it may be silent. */
const HEARTBEATS = 5;

/**
 * The engine of these settings, with ranks that it will start or wait for.
 * @param end called when the ranks are gone: the engine is of no more use, and another one has to be made
 */
export function openTorchEngine(
  settings: TorchSettings,
  models: readonly Pick<BaseModel, 'name' | 'folder' | 'config'>[],
  end: (error: Error) => void,
): TorchEngine {
  const { source, deadlines, generation } = settings;
  const logger = new Logger('TorchRanks');
  const limit = new Int32Array(settings.passTokenLimit);
  const supply = new GatheredRanks({
    source,
    deadlines,
    generation,
    logger,
    settings: {
      ...settings.rank,
      passTokens: smaller(settings.rank.passTokens, Atomics.load(limit, 0)),
      models: models.map(({ name, folder }) => ({ name, folder })),
      collectiveSeconds: deadlines.callMs / 1000,
      heartbeatSeconds: deadlines.silenceMs / 1000 / HEARTBEATS,
    },
  });
  const engine = new TorchEngine({
    name: settings.rank.engine,
    supply,
    models,
    onLost: (error) => {
      // The group that comes next makes smaller runs.
      if (error.outOfMemory) Atomics.store(limit, 0, Math.max(1, engine.capabilities.passTokens >> 1));
      logger.error(error.message);
      end(error);
    },
  });
  return engine;
}

/** @param limit 0 for none */
function smaller(passTokens: number | null, limit: number): number | null {
  if (limit === 0) return passTokens;
  return Math.min(passTokens ?? limit, limit);
}
