import { describe, expect, it } from 'vitest';
import { type AppError } from '../../../common/errors/app-error.js';
import { readHyperparameters } from './hyperparameters.reader.js';
import { readNewJob } from './new-job.reader.js';

const read = (value: unknown) => readHyperparameters(value, 'supervised', 'hp');

describe('readHyperparameters', () => {
  it('takes "auto" and null for what is left to the server', () => {
    const auto = { epochs: 'auto', batchSize: 'auto', learningRateMultiplier: 'auto', beta: 'auto' };
    expect(read(undefined)).toMatchObject(auto);
    expect(read({ n_epochs: 'auto', batch_size: null, learning_rate: null })).toMatchObject(auto);
    expect(read({ n_epochs: 2, warmup_ratio: 0.1, target_modules: ['v_proj', 'q_proj'] })).toMatchObject({
      epochs: 2,
      warmup: 0.1,
      lora: { targetModules: ['q_proj', 'v_proj'] },
    });
  });

  it.each([
    [{ n_epochs: 0 }, 'hp.n_epochs', 'is 0. Pass a whole number from 1 to 100 or "auto".'],
    [{ n_epochs: 1.5 }, 'hp.n_epochs', 'whole number'],
    [{ n_epochs: '3' }, 'hp.n_epochs', "is '3'"],
    [{ learning_rate: 0 }, 'hp.learning_rate', 'above 0'],
    [{ weight_decay: -1 }, 'hp.weight_decay', 'from 0 up'],
    [{ adam_beta2: 1 }, 'hp.adam_beta2', 'is 1'],
    [{ lr_schedule: 'step' }, 'hp.lr_schedule', 'constant, linear, cosine'],
    [{ truncate: 'yes' }, 'hp.truncate', 'true or false'],
    [{ target_modules: ['x'] }, 'hp.target_modules', 'is invalid'],
    [{ beta: 0.1 }, 'hp.beta', 'is not a known field'],
    [{ epochs: 3 }, 'hp.epochs', 'Did you mean n_epochs?'],
    [{ learning_rate: 1, learning_rate_multiplier: 1 }, 'hp.learning_rate_multiplier', 'both given'],
    [{ warmup_steps: 1, warmup_ratio: 0.1 }, 'hp.warmup_ratio', 'both given'],
    [7, 'hp', 'must be an object'],
  ])('refuses %j', (value, field, words) => {
    let refusal: AppError | undefined;
    try {
      read(value);
    } catch (error) {
      refusal = error as AppError;
    }
    expect(refusal).toMatchObject({ status: 400, details: { field } });
    expect(refusal!.message).toContain(words);
  });
});

describe('readNewJob', () => {
  const body = { model: 'base', training_file: 'file-1' };

  it('finds hyper-parameters with the method or, as older clients send them, at the top', () => {
    expect(readNewJob({ ...body, hyperparameters: { n_epochs: 2 } }).settings.epochs).toBe(2);
    const method = { type: 'dpo', dpo: { hyperparameters: { n_epochs: 4, beta: 0.5 } } };
    expect(readNewJob({ ...body, method, hyperparameters: {} })).toMatchObject({
      method: 'dpo',
      field: 'method.dpo.hyperparameters',
      settings: { epochs: 4, beta: 0.5 },
    });
    expect(() => readNewJob({ ...body, method, hyperparameters: { n_epochs: 3 } })).toThrow(/both given/);
  });

  it('refuses what would be left out silently', () => {
    const integrations = [{ type: 'wandb', wandb: { project: 'x' } }];
    expect(() => readNewJob({ ...body, integrations })).toThrow(/integrations are not supported/);
    expect(readNewJob({ ...body, integrations: [] }).seed).toBe(null);
    expect(() => readNewJob({ ...body, method: { type: 'reinforcement' } })).toThrow(/POST \/fwdbwd/);
  });
});
