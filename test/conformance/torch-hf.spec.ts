import { readConfigFile } from '../../src/base-models/model-config/config-file.js';
import { parseModelConfig } from '../../src/base-models/model-config/hf-model-config.js';
import { fixturePath } from '../support/models/reference-fixtures.js';
import { torchEngine } from '../support/engines/torch-backend.js';
import { describeConformance } from './compute-backend.cases.js';
import { describeModelEngine } from './model-engine.cases.js';
import { openTorch, torchMissing } from './torch-subject.js';

const unavailable = torchMissing('hf');

for (const ranks of [1, 2]) {
  describeConformance({
    name: `the hf engine on ${ranks} rank${ranks === 1 ? '' : 's'}`,
    unavailable,
    open: () => openTorch({ ranks }),
  });
}

describeModelEngine(
  'TorchEngine on 2 ranks',
  async () => {
    const name = 'llama';
    const folder = fixturePath(`models/${name}`);
    const config = parseModelConfig(await readConfigFile(folder, name), name, 'torch');
    const engine = torchEngine([{ name, folder, config }], 2);
    await engine.start();
    return { engine, baseModel: name, close: () => engine.stop() };
  },
  unavailable !== null,
);
