import { describe, invalid } from '../../../common/json/json-fields.js';
import { NO_TARGET, type PromptTargets } from '../../../domain/prompt-targets.js';
import { readTensor } from './json-request.js';
import { checkSparse, shapeText, type WireTensor } from './wire-datum.js';

/** Columns are kept in 32 bits. */
const MAX_WIDTH = 2 ** 31 - 1;
const FIELD = 'target_prompt_logprobs';

/**
 * `target_prompt_logprobs` of a sampling request: token ids [prompt length - 1, K], dense or as compressed sparse rows;
 * -1 asks for nothing.
 * @throws InvalidRequestError that names the field
 */
export function readPromptTargets(value: unknown, promptLength: number, vocabSize: number): PromptTargets {
  const tensor = readTensor(value, FIELD);
  const [rows = -1, width = -1, ...more] = tensor.shape ?? [];
  const isMatrix = Number.isInteger(width) && width > 0 && width <= MAX_WIDTH && more.length === 0;
  if (!isMatrix || rows !== promptLength - 1) {
    const given = tensor.shape ? shapeText(tensor.shape) : 'missing';
    const remedy = `Send [${promptLength - 1}, K]: one row of K token ids per token of the prompt after the first.`;
    throw invalid(`${FIELD}.shape`, `is ${given}, but the prompt has ${promptLength} tokens.`, remedy);
  }
  const { offsets, columns } = tensor.sparse ? sparseRows(tensor, tensor.sparse) : denseRows(tensor, rows, width);
  const tokens = tokensOf(tensor.values, vocabSize);
  return { tokens: { data: tokens, offsets, trailingShape: [] }, width, columns };
}

function sparseRows(tensor: WireTensor, sparse: NonNullable<WireTensor['sparse']>) {
  checkSparse(tensor, sparse, FIELD);
  return { offsets: Int32Array.from(sparse.rowStarts, Number), columns: Int32Array.from(sparse.columns, Number) };
}

function denseRows({ values }: WireTensor, rows: number, width: number) {
  if (values.length !== rows * width) {
    const remedy = `A tensor of shape [${rows}, ${width}] has ${rows * width}.`;
    throw invalid(`${FIELD}.data`, `contains ${values.length} numbers.`, remedy);
  }
  return { offsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * width), columns: null };
}

function tokensOf(values: ArrayLike<unknown>, vocabSize: number): Int32Array {
  const remedy = `Token ids are integers from 0 to ${vocabSize - 1} for this base model; ${NO_TARGET} requests nothing.`;
  const tokens = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(Number.isInteger(value) && (value as number) >= NO_TARGET && (value as number) < vocabSize)) {
      throw invalid(`${FIELD}.data[${i}]`, `is ${describe(value)}.`, remedy);
    }
    tokens[i] = value as number;
  }
  if (tokens.every((token) => token === NO_TARGET)) {
    throw invalid(FIELD, 'contains no token id.', `${remedy} Omit it to request none.`);
  }
  return tokens;
}
