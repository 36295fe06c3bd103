import { readFileSync } from 'node:fs';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { type Executor } from '../../src/compute/executor.js';
import { trainingBytes } from '../../src/compute/local/passes/micro-batches.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';
import { startReferenceEngine } from '../support/engines/reference-engine.js';
import { fixturePath, type ReferenceModel } from '../support/models/reference-fixtures.js';
import { MAX_DATUM, type Subject } from './conformance-subject.js';

/** The backend over the local engine with one of the tiny checkpoints; every engine gets an executor of its own. */
export async function openHostBackend(
  model: ReferenceModel,
  newExecutor: () => Executor | Promise<Executor>,
): Promise<Subject> {
  const config = parseHfConfig(JSON.parse(readFileSync(fixturePath(`models/${model}/config.json`), 'utf8')), model);
  const reference = await startReferenceEngine(await newExecutor(), [model]);
  const started = [reference];
  return {
    backend: reference.engine,
    checkpoints: reference.checkpoints,
    baseModel: model,
    async openSmall() {
      const small = await startReferenceEngine(await newExecutor(), [model], {
        memoryBudgetBytes: smallBudget(config),
      });
      started.push(small);
      return small.engine;
    },
    textOf: (tokens) => Array.from(tokens).join(' '),
    async close() {
      for (const each of started) await each.stop();
    },
  };
}

/** Just enough memory for the longest datum of the cases on its own. */
export function smallBudget(config: TransformerConfig): number {
  const longest = { tokens: MAX_DATUM, rows: MAX_DATUM, longest: MAX_DATUM, sequences: 1 };
  return trainingBytes({ config, headLora: false }, longest);
}
