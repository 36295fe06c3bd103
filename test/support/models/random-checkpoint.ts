import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelParameters } from '../../../src/compute/models/model-parameters.js';
import { RandomStream } from '../../../src/compute/numerics/random.js';
import { type ModelConfig } from '../../../src/domain/model/model-config.js';
import { encodeSafetensors, type TensorToWrite } from '../../../src/formats/safetensors.js';

/** Writes a model with random float32 weights, of the size of a trained one's, as a Hugging Face folder. */
export async function writeRandomCheckpoint(folder: string, json: object, config: ModelConfig): Promise<void> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, shape] of modelParameters(config)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    new RandomStream(1, name).fillUniform(data);
    const [scale, mean] = name.includes('norm') ? [0.4, 1] : [3.4 / Math.sqrt(shape.at(-1)!), 0];
    tensors.set(name, { dtype: 'F32', shape, data: data.map((value) => (value - 0.5) * scale + mean) });
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }));
}
