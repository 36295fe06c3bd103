import { describe, expect, it } from 'vitest';
import { type ModelConfig } from '../../../domain/model/model-config.js';
import { readHyperparameters } from '../readers/hyperparameters.reader.js';
import { autoBatchSize, autoEpochs, autoLearningRate, resolveSettings } from './auto-settings.js';

const SIZES = { vocabSize: 10, intermediateSize: 8, layerCount: 1, headCount: 2, kvHeadCount: 1, headDim: 2 };
const modelOf = (config: Partial<ModelConfig>) => ({
  name: 'a-model',
  config: { ...SIZES, family: 'llama', hiddenSize: 2000, ...config } as ModelConfig,
});
const LAYER = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

describe('auto', () => {
  it.each([
    [1, 25],
    [10, 10],
    [33, 3],
    [34, 3],
    [8000, 3],
    [10_000, 2],
    [1_000_000, 1],
  ])('%i rows are trained on for %i epochs', (rows, epochs) => expect(autoEpochs(rows)).toBe(epochs));

  it.each([
    [10, 1],
    [600, 4],
    [1600, 16],
    [1_000_000, 64],
  ])('%i examples in all make batches of %i', (examples, size) => expect(autoBatchSize(examples)).toBe(size));

  it('takes the learning rate of Thinking Machines for LoRA', () => {
    expect(autoLearningRate('supervised', modelOf({ hiddenSize: 4096 }))).toBeCloseTo(2.8564e-4, 8);
    expect(autoLearningRate('supervised', modelOf({ family: 'qwen3', hiddenSize: 4096 }))).toBeCloseTo(4.7296e-4, 7);
    expect(autoLearningRate('dpo', modelOf({}))).toBeCloseTo(1e-5, 12);
  });
});

describe('resolveSettings', () => {
  const resolve = (given: object, rows = 200, config: Partial<ModelConfig> = {}) => {
    const wanted = readHyperparameters(given, 'supervised', 'hyperparameters');
    return resolveSettings('supervised', wanted, { rows, validationRows: 0 }, modelOf(config));
  };

  it('has a number for everything', () => {
    expect(resolve({})).toMatchObject({
      epochs: 3,
      batchSize: 4,
      learningRate: 5e-4,
      learningRateMultiplier: 1,
      schedule: 'linear',
      warmupSteps: 0,
      lora: { rank: 16, alpha: 32, targetModules: LAYER },
      patience: null,
      keepBest: false,
      trainingRows: 200,
      heldOutRows: 0,
    });
  });

  it('takes what is given', () => {
    const settings = resolve({
      learning_rate_multiplier: 2,
      batch_size: 50,
      warmup_ratio: 0.25,
      validation_split: 0.25,
    });
    expect(settings).toMatchObject({ learningRate: 1e-3, warmupSteps: 2, trainingRows: 150, heldOutRows: 50 });
    expect(resolve({ learning_rate: 1e-4 })).toMatchObject({ learningRate: 1e-4, learningRateMultiplier: 0.2 });
    expect(resolve({ batch_size: 500 }).batchSize).toBe(200);
    expect(resolve({ early_stopping_patience: 1 }).keepBest).toBe(true);
    expect(resolve({ early_stopping_patience: 1, keep_best: false }).keepBest).toBe(false);
    expect(() => resolve({ validation_split: 0.5 }, 1)).toThrow(/holds out all 1 rows/);
  });

  it('leaves experts out', () => {
    const { lora } = resolve({}, 200, { family: 'qwen3_moe', expertCount: 8 });
    expect(lora.targetModules).toEqual(LAYER.slice(0, 4));
    expect(() => resolve({ target_modules: ['down_proj'] }, 200, { family: 'qwen3_moe', expertCount: 8 })).toThrow(
      /^target_modules names 'down_proj'/,
    );
  });
});
