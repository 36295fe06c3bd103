import { ONNXRUNTIME, TENSORFLOW_EXECUTORS } from '../support/engines/executors.js';
import { startModelEngine } from '../support/engines/reference-engine.js';
import { describeModelEngine } from './model-engine.cases.js';

const model = 'llama';

for (const { name, create, missing } of [ONNXRUNTIME, ...TENSORFLOW_EXECUTORS]) {
  const open = async () => {
    const started = await startModelEngine(await create(), [model]);
    return { engine: started.engine, baseModel: model, close: () => started.stop() };
  };
  describeModelEngine(`LocalEngine on ${name}`, open, missing);
}
