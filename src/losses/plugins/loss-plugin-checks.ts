import { isName, NAME_REMEDY } from '../expressions/loss-scope.js';
import { type LossConfigKey, type LossFunction, type LossInputSpec, TARGET_TOKENS } from '../loss-function.js';

/*
 * Whether what a loss says of itself is complete. The compiler tells as much to whoever writes TypeScript with the types
 * of `thinker/losses`; a plugin arrives here as JavaScript, and what it lacks must not come out in a request.
 */

/** What is wrong with a loss, or null. */
export function lossProblem(loss: LossFunction): string | null {
  const { metadata } = loss;
  if (!isText(metadata.name) || !isName(metadata.name)) return `its name is ${shown(metadata.name)}. ${NAME_REMEDY}`;
  if (!isText(metadata.description)) return `loss '${metadata.name}' has no description.`;
  if (typeof loss.compute !== 'function') return `loss '${metadata.name}' has no compute method.`;
  return inputsProblem(metadata.name, metadata.inputs) ?? configProblem(loss);
}

function inputsProblem(loss: string, inputs: unknown): string | null {
  if (!Array.isArray(inputs)) return `loss '${loss}' has no list of inputs.`;
  const specs = inputs as readonly Partial<LossInputSpec>[];
  const names = specs.map(({ name }) => name);
  if (!names.includes(TARGET_TOKENS.name)) return `the inputs of loss '${loss}' do not include TARGET_TOKENS.`;
  for (const [i, { name, dtype, per, required, default: fallback, sample }] of specs.entries()) {
    const where = `input ${shown(name)} of loss '${loss}'`;
    if (!isText(name) || !isName(name)) return `${where} has an invalid name. ${NAME_REMEDY}`;
    if (names.indexOf(name) !== i) return `${where} is declared twice.`;
    if (dtype !== 'int' && dtype !== 'float') return `${where} has dtype ${shown(dtype)}; expected 'int' or 'float'.`;
    if (per !== undefined && per !== 'token' && per !== 'datum') {
      return `${where} is per ${shown(per)}; expected 'token' or 'datum'.`;
    }
    if (typeof required !== 'boolean') return `${where} does not state whether it is required.`;
    if (fallback !== undefined && !Number.isFinite(fallback)) return `the default of ${where} is ${shown(fallback)}.`;
    if (sample !== undefined && !isSample(sample)) return `the sample of ${where} is not a list of finite numbers.`;
  }
  return null;
}

function isSample(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
}

function configProblem(loss: LossFunction): string | null {
  const { name: lossName, config } = loss.metadata;
  if (!Array.isArray(config)) return `loss '${lossName}' has no list of config keys; use [] if there are none.`;
  const keys = config as readonly Partial<LossConfigKey>[];
  const names = keys.map(({ name }) => name);
  for (const [i, { name, default: fallback, min = -Infinity, max = Infinity }] of keys.entries()) {
    const where = `config key ${shown(name)} of loss '${lossName}'`;
    if (!isText(name) || !isName(name)) return `${where} has an invalid name. ${NAME_REMEDY}`;
    if (names.indexOf(name) !== i) return `${where} is declared twice.`;
    if (typeof fallback !== 'number' || !Number.isFinite(fallback)) {
      return `the default of ${where} is ${shown(fallback)}; expected a finite number.`;
    }
    if (!(fallback >= min && fallback <= max)) {
      return `the default of ${where} is ${fallback}, which is not between ${min} and ${max}.`;
    }
  }
  const defaults = loss.metadata.config.map((key) => [key.name, key.default]);
  const problem = loss.configProblem(Object.fromEntries(defaults) as Record<string, number>);
  return problem && `the defaults of loss '${lossName}' are inconsistent: ${problem.message}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
