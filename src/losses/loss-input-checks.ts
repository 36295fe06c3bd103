import { InvalidRequestError } from '../common/errors/request.errors.js';
import { type DatumBatch } from '../domain/datum-batch.js';
import { datumCount, type RaggedTensor, rowWidth } from '../domain/ragged-tensor.js';
import { descriptionOf } from './loss-input-tensors.js';
import { type LossInputSpec, type LossMetadata, requiredInput, TARGET_TOKENS } from './loss-function.js';

/*
 * Whether a batch carries what a loss reads. Each array is walked once and nothing is made per number; the datum and
 * the position at fault are looked up only once something is wrong.
 */

/** Throws an InvalidRequestError naming `data[i].loss_fn_inputs.<name>`, what it holds and what is expected. */
export function checkLossInputs(loss: LossMetadata, batch: DatumBatch, knownNames: ReadonlySet<string>): void {
  for (const name of Object.keys(batch.lossInputs)) {
    if (!knownNames.has(name)) throw unknownInput(loss, name);
  }
  for (const spec of loss.inputs) {
    if (!Object.hasOwn(batch.lossInputs, spec.name)) {
      if (spec.required) throw missingInput(loss, spec);
      continue;
    }
    const tensor = requiredInput(batch.lossInputs, spec.name);
    checkDtype(spec, tensor);
    checkRowShape(loss, spec, tensor, batch);
    checkLengths(spec, tensor, batch.tokens);
    if (spec.per === 'datum') checkDistinct(spec, tensor);
    if (spec.dtype === 'float') checkFinite(spec, tensor);
  }
}

function checkDtype(spec: LossInputSpec, tensor: RaggedTensor): void {
  const dtype = tensor.data instanceof Int32Array ? 'int' : 'float';
  if (dtype === spec.dtype) return;
  const expected = spec.dtype === 'int' ? 'integers (int64)' : 'floats (float32)';
  throw inputError(spec.name, 0, `has the wrong dtype: expected ${expected}.`, `Send ${spec.name} as ${expected}.`);
}

/** One number per position, or K where the loss takes K targets; all inputs alike. */
function checkRowShape(loss: LossMetadata, spec: LossInputSpec, tensor: RaggedTensor, batch: DatumBatch): void {
  const shape = tensor.trailingShape;
  if (spec.name === TARGET_TOKENS.name) {
    const allowed = shape.length === 0 || (loss.multipleTargets === true && shape.length === 1 && shape[0]! > 0);
    if (allowed) return;
    const expected = loss.multipleTargets ? '(N) or (N, K)' : '(N)';
    const problem = `has shape ${shapeText(shape)}: loss ${loss.name} expects ${expected}, where N is the number of tokens of the datum.`;
    throw inputError(spec.name, 0, problem, `Send ${spec.name} with shape ${expected}.`);
  }
  const targetShape = spec.per === 'datum' ? [] : (batch.lossInputs[TARGET_TOKENS.name]?.trailingShape ?? []);
  if (shape.length === targetShape.length && shape.every((size, i) => size === targetShape[i])) return;
  const problem = `has shape ${shapeText(shape)}, but target_tokens has ${shapeText(targetShape)}.`;
  throw inputError(spec.name, 0, problem, `Send ${spec.name} with the shape of target_tokens.`);
}

function checkLengths(spec: LossInputSpec, tensor: RaggedTensor, tokens: RaggedTensor): void {
  const datums = datumCount(tokens);
  if (datumCount(tensor) !== datums) {
    const index = Math.min(datums, datumCount(tensor));
    const problem = `is present for only ${datumCount(tensor)} of ${datums} datums.`;
    throw inputError(spec.name, index, problem, `Send ${spec.name} for every datum or for none.`);
  }
  for (let i = 0; i < datums; i++) {
    const rows = tensor.offsets[i + 1]! - tensor.offsets[i]!;
    const expected = spec.per === 'datum' ? 1 : tokens.offsets[i + 1]! - tokens.offsets[i]!;
    if (rows === expected) continue;
    if (spec.per === 'datum') {
      throw inputError(spec.name, i, `has ${rows} numbers, expected 1.`, 'Send one number for the datum.');
    }
    const problem = `has length ${rows}, expected ${expected}: one row per token of model_input.`;
    throw inputError(spec.name, i, problem, 'Align it with model_input: row t belongs to the token after t.');
  }
  const numbers = tensor.offsets[datums]! * rowWidth(tensor);
  if (tensor.data.length === numbers) return;
  const problem = `contains ${tensor.data.length} numbers in total, but the shapes of its datums add up to ${numbers}.`;
  throw inputError(spec.name, Math.max(datums - 1, 0), problem, 'Make data and shape consistent.');
}

/** Such numbers tell pairs and groups apart; above this one, float32 rounds neighbours to the same number. */
const MAX_PER_DATUM = 2 ** 24 - 1;

function checkDistinct(spec: LossInputSpec, { data }: RaggedTensor): void {
  const at = data.findIndex((value) => Math.abs(value) > MAX_PER_DATUM);
  if (at < 0) return;
  const problem = `is ${data[at]}: a per-datum number may be at most ${MAX_PER_DATUM}, because float32 rounds larger ones.`;
  throw inputError(spec.name, at, problem, 'Number pairs and groups 0, 1, 2, ...');
}

function checkFinite(spec: LossInputSpec, tensor: RaggedTensor): void {
  const { data } = tensor;
  let probe = 0;
  for (let i = 0; i < data.length; i++) probe += data[i]! * 0; // NaN as soon as one number is NaN or infinite
  if (probe === 0) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const row = Math.floor(at / rowWidth(tensor));
  const datum = tensor.offsets.findIndex((offset) => offset > row) - 1;
  const position = row - tensor.offsets[datum]!;
  const problem = `contains ${data[at]} at position ${position}: expected finite numbers.`;
  throw inputError(
    spec.name,
    datum,
    problem,
    `Replace NaN and infinite ${spec.name}; use weight 0 to mask a position.`,
  );
}

function missingInput(loss: LossMetadata, spec: LossInputSpec): InvalidRequestError {
  const needed = loss.inputs.filter((input) => input.required).map((input) => input.name);
  return inputError(
    spec.name,
    0,
    `is missing: loss ${loss.name} requires ${needed.join(', ')}.`,
    `Send ${spec.name} for every datum${descriptionOf(spec)}`,
  );
}

function unknownInput(loss: LossMetadata, name: string): InvalidRequestError {
  const names = loss.inputs.map((input) => input.name).join(', ');
  return inputError(name, 0, `is not an input of any loss. Loss ${loss.name} reads: ${names}.`, `Remove ${name}.`);
}

function inputError(name: string, datum: number, problem: string, remedy: string): InvalidRequestError {
  const field = `data[${datum}].loss_fn_inputs.${name}`;
  return new InvalidRequestError(`${field} ${problem}`, { field, remedy });
}

function shapeText(trailingShape: readonly number[]): string {
  return `(${['N', ...trailingShape].join(', ')})`;
}
