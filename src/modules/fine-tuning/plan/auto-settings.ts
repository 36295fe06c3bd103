import { type BaseModel } from '../../../base-models/base-model.js';
import { invalid } from '../../../common/json/json-fields.js';
import { DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';
import { resolveTargets, type WantedLora } from '../../adapters/index.js';
import { type Auto, type Method, type TrainingSettings, type WantedSettings } from './training-settings.js';

/*
 * What "auto" means. docs/fine-tuning.md states these rules for clients.
 */

/** OpenAI's rule ("Data preparation and analysis for chat model fine-tuning", OpenAI Cookbook). */
const USUAL_EPOCHS = 3;
const MIN_EXAMPLES = 100;
const MAX_EXAMPLES = 25_000;
const MAX_AUTO_EPOCHS = 25;

/** Thinking Machines advises small batches, and at least a hundred steps ("LoRA Without Regret", Tinker's documentation). */
const WANTED_STEPS = 100;
const MAX_AUTO_BATCH = 64;

/** Thinking Machines' rule for LoRA: 5e-5 * 10 * (2000 / hidden size) ^ exponent of the family. */
const LORA_RATE = 5e-4;
const REFERENCE_WIDTH = 2000;
const QWEN_EXPONENT = 0.0775;
const USUAL_EXPONENT = 0.781;
/** DPO moves away from a model that is good already: 1e-5 at the reference width. */
const DPO_FACTOR = 1 / 50;

const AUTO_RANK = 16;
/** The rule for the rate holds for this one, at any rank. */
const AUTO_ALPHA = 32;
const AUTO_BETA = 0.1;

export interface DataSize {
  /** Rows of the training file. */
  readonly rows: number;
  /** Rows of the validation file; 0 without one. */
  readonly validationRows: number;
}

/** @throws InvalidRequestError for what the data is too small for */
export function resolveSettings(
  method: Method,
  wanted: WantedSettings,
  size: DataSize,
  model: Pick<BaseModel, 'name' | 'config'>,
): TrainingSettings {
  const heldOutRows = heldOut(wanted, size);
  const trainingRows = size.rows - heldOutRows;
  const epochs = orAuto(wanted.epochs, () => autoEpochs(trainingRows));
  const batchSize = Math.min(
    orAuto(wanted.batchSize, () => autoBatchSize(trainingRows * epochs)),
    trainingRows,
  );
  const steps = epochs * Math.ceil(trainingRows / batchSize);
  const usualRate = autoLearningRate(method, model);
  const learningRate = wanted.learningRate ?? usualRate * orAuto(wanted.learningRateMultiplier, () => 1);
  return {
    method,
    epochs,
    batchSize,
    learningRateMultiplier: learningRate / usualRate,
    learningRate,
    schedule: wanted.schedule,
    warmupSteps: wanted.warmup < 1 ? Math.floor(wanted.warmup * steps) : wanted.warmup,
    weightDecay: wanted.weightDecay ?? DEFAULT_ADAM.weightDecay,
    beta1: wanted.beta1 ?? DEFAULT_ADAM.beta1,
    beta2: wanted.beta2 ?? DEFAULT_ADAM.beta2,
    epsilon: wanted.epsilon ?? DEFAULT_ADAM.eps,
    maxGradNorm: wanted.maxGradNorm ?? DEFAULT_ADAM.gradClipNorm,
    lora: autoLora(wanted.lora, model),
    patience: wanted.patience ?? null,
    keepBest: wanted.keepBest ?? wanted.patience !== undefined,
    truncate: wanted.truncate,
    beta: orAuto(wanted.beta, () => AUTO_BETA),
    trainingRows,
    heldOutRows,
    validationRows: size.validationRows,
  };
}

export function autoEpochs(rows: number): number {
  if (rows * USUAL_EPOCHS < MIN_EXAMPLES) return Math.min(MAX_AUTO_EPOCHS, Math.floor(MIN_EXAMPLES / rows));
  if (rows * USUAL_EPOCHS > MAX_EXAMPLES) return Math.max(1, Math.floor(MAX_EXAMPLES / rows));
  return USUAL_EPOCHS;
}

/** The largest power of two that leaves WANTED_STEPS steps. */
export function autoBatchSize(examples: number): number {
  const most = Math.min(MAX_AUTO_BATCH, Math.max(1, examples / WANTED_STEPS));
  return 2 ** Math.floor(Math.log2(most));
}

export function autoLearningRate(method: Method, { config }: Pick<BaseModel, 'config'>): number {
  const exponent = config.family.startsWith('qwen') ? QWEN_EXPONENT : USUAL_EXPONENT;
  const rate = LORA_RATE * (REFERENCE_WIDTH / config.hiddenSize) ** exponent;
  return method === 'dpo' ? rate * DPO_FACTOR : rate;
}

/** All linears of the decoder layers that can carry a LoRA: experts cannot. */
function autoLora(wanted: WantedLora, model: Pick<BaseModel, 'name' | 'config'>): WantedLora {
  const mlp = model.config.expertCount === undefined;
  const targets = wanted.targetModules ?? { attention: true, mlp, outputProjection: false };
  return {
    ...wanted,
    rank: wanted.rank ?? AUTO_RANK,
    alpha: wanted.alpha ?? AUTO_ALPHA,
    targetModules: resolveTargets(targets, model, 'target_modules'),
  };
}

function heldOut({ validationSplit }: WantedSettings, { rows }: DataSize): number {
  if (validationSplit === undefined) return 0;
  const count = Math.max(1, Math.round(rows * validationSplit));
  if (count < rows) return count;
  const remedy = 'Use a smaller share, or a validation_file.';
  throw invalid('validation_split', `holds out all ${rows} rows of the training file.`, remedy);
}

function orAuto<T>(wanted: Auto<T>, rule: () => T): T {
  return wanted === 'auto' ? rule() : wanted;
}
