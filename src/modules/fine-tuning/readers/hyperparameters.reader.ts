import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readObject,
  refuseUnknownFields,
} from '../../../common/json/json-fields.js';
import { readLoraSpec } from '../../adapters/index.js';
import { type Auto, type Method, SCHEDULES, type Schedule, type WantedSettings } from '../plan/training-settings.js';

/** OpenAI's names. */
const SHARED = ['n_epochs', 'batch_size', 'learning_rate_multiplier'];
/** What OpenAI's API does not have. */
const EXTENSIONS = [
  'learning_rate',
  'lr_schedule',
  'warmup_steps',
  'warmup_ratio',
  'weight_decay',
  'adam_beta1',
  'adam_beta2',
  'adam_epsilon',
  'max_grad_norm',
  'lora_rank',
  'lora_alpha',
  'lora_dropout',
  'target_modules',
  'validation_split',
  'early_stopping_patience',
  'keep_best',
  'truncate',
];
const NAMES: Readonly<Record<Method, readonly string[]>> = {
  supervised: [...SHARED, ...EXTENSIONS],
  dpo: [...SHARED, 'beta', ...EXTENSIONS],
};

export const MAX_EPOCHS = 100;
export const MAX_BATCH_SIZE = 4096;
/** The largest decay rate that the bias correction can still tell from 1. */
const MAX_BETA = 1 - Number.EPSILON;

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Whether `min` itself is too small. */
  readonly isAbove?: boolean;
  readonly isWhole?: boolean;
}

const POSITIVE: Range = { min: 0, isAbove: true };
const NOT_NEGATIVE: Range = { min: 0 };
const COUNT: Range = { min: 1, isWhole: true };
const SHARE: Range = { min: 0, max: 0.9, isAbove: true };

/**
 * The hyper-parameters of a method, with the fields that OpenAI's API does not have beside its own. Unlike elsewhere in
 * that API, unknown ones are refused: a misspelt hyper-parameter would train something else without a word.
 * @throws InvalidRequestError
 */
export function readHyperparameters(value: unknown, method: Method, field: string): WantedSettings {
  const given = readObject(value ?? {}, field, 'Pass {"n_epochs": 3, ...}.');
  refuseUnknownFields(given, NAMES[method], field);
  const number = (name: string, range: Range) => readNumber(given[name], `${field}.${name}`, range);
  const auto = (name: string, range: Range) => readAuto(given[name], `${field}.${name}`, range);
  refuseBoth(given, 'learning_rate', 'learning_rate_multiplier', field);
  refuseBoth(given, 'warmup_steps', 'warmup_ratio', field);
  return {
    epochs: auto('n_epochs', { ...COUNT, max: MAX_EPOCHS }),
    batchSize: auto('batch_size', { ...COUNT, max: MAX_BATCH_SIZE }),
    learningRateMultiplier: auto('learning_rate_multiplier', POSITIVE),
    learningRate: number('learning_rate', POSITIVE),
    schedule: readSchedule(given['lr_schedule'], `${field}.lr_schedule`),
    warmup: number('warmup_steps', { min: 0, isWhole: true }) ?? number('warmup_ratio', { min: 0, max: 0.99 }) ?? 0,
    weightDecay: number('weight_decay', NOT_NEGATIVE),
    beta1: number('adam_beta1', { min: 0, max: MAX_BETA }),
    beta2: number('adam_beta2', { min: 0, max: MAX_BETA }),
    epsilon: number('adam_epsilon', POSITIVE),
    maxGradNorm: number('max_grad_norm', NOT_NEGATIVE),
    lora: readLora(given, field),
    validationSplit: number('validation_split', SHARE),
    patience: number('early_stopping_patience', COUNT),
    keepBest: readBoolean(given['keep_best'], `${field}.keep_best`),
    truncate: readBoolean(given['truncate'], `${field}.truncate`) ?? false,
    beta: auto('beta', POSITIVE),
  };
}

function readLora(given: JsonObject, field: string): WantedSettings['lora'] {
  const alpha = readNumber(given['lora_alpha'], `${field}.lora_alpha`, POSITIVE);
  const dropout = readNumber(given['lora_dropout'], `${field}.lora_dropout`, { min: 0, max: 0.99 });
  const rank = readNumber(given['lora_rank'], `${field}.lora_rank`, COUNT);
  const modules = given['target_modules'] as string | string[] | undefined;
  return readLoraSpec({ rank, alpha, dropout, target_modules: modules }, field);
}

function readAuto(value: unknown, field: string, range: Range): Auto<number> {
  return value === 'auto' ? 'auto' : (readNumber(value, field, range, ' or "auto"') ?? 'auto');
}

function readNumber(value: unknown, field: string, range: Range, or = ''): number | undefined {
  if (!isGiven(value)) return undefined;
  const { min = -Infinity, max = Infinity, isAbove = false, isWhole = false } = range;
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (isAbove ? value > min : value >= min) &&
    value <= max &&
    (!isWhole || Number.isInteger(value));
  if (fits) return value;
  const low = min === -Infinity ? '' : ` ${isAbove ? 'above' : 'from'} ${min}`;
  const high = max === Infinity ? (isAbove ? '' : ' up') : ` to ${max}`;
  throw invalid(field, `is ${describe(value)}.`, `Pass a${isWhole ? ' whole' : ''} number${low}${high}${or}.`);
}

function readBoolean(value: unknown, field: string): boolean | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value === 'boolean') return value;
  throw invalid(field, `is ${describe(value)}.`, 'Pass true or false.');
}

function readSchedule(value: unknown, field: string): Schedule {
  if (!isGiven(value)) return 'linear';
  const schedule = SCHEDULES.find((one) => one === value);
  if (schedule) return schedule;
  throw invalid(field, `is ${describe(value)}.`, `Pass one of ${SCHEDULES.join(', ')}.`);
}

function refuseBoth(given: JsonObject, first: string, second: string, field: string): void {
  if (!isGiven(given[first]) || !isGiven(given[second]) || given[second] === 'auto') return;
  throw invalid(`${field}.${second}`, `and ${first} are both given.`, 'They set the same: pass one of them.');
}
