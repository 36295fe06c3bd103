import { describe, invalid } from '../../../common/json/json-fields.js';
import { shortened } from '../../../common/shortened.js';

/**
 * A datum as it comes over the wire, whatever its encoding: the readers of JSON and of protobuf both make these, and
 * one function (datum-batch.ts) checks them and makes the batch. All sizes are the client's claims until then.
 */
export interface WireDatum {
  readonly tokens: ArrayLike<unknown>;
  readonly inputs: Readonly<Record<string, WireTensor>>;
}

export interface WireTensor {
  /** Numbers row by row: of the whole tensor, or of the cells that are given. */
  readonly values: ArrayLike<unknown>;
  /** Left out: as many numbers as there are values. */
  readonly shape?: readonly number[];
  /** Compressed sparse rows: all other cells are 0. */
  readonly sparse?: { readonly rowStarts: ArrayLike<unknown>; readonly columns: ArrayLike<unknown> };
}

/** What is said to a tensor of any other type. */
export const DTYPES = 'Send float32, int64 or int32.';

/** Of one request; the SDK sends 1024 at most. */
export const MAX_DATUMS = 8192;
/** Of all sparse tensors of one request, so that claims of shapes cannot take all memory. */
const MAX_CELLS = 2 ** 25;
const REMEDY =
  'A sparse tensor has a shape [N, K], N + 1 ascending row starts from 0, and one column below K per value.';

/** What JSON or protobuf can hold as a number; NaN for anything else: Number(null) would be token 0. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
}

/** Gradients accumulate over requests, so that nobody needs more. @throws InvalidRequestError */
export function checkDatumCount(count: number): void {
  if (count <= MAX_DATUMS) return;
  const remedy = `Send at most ${MAX_DATUMS} datums per request: gradients accumulate over requests.`;
  throw invalid('data', `has more than ${MAX_DATUMS} datums.`, remedy);
}

/** To be asked before any tensor of a request is densified: in the end all of them are in memory. */
export function checkCells(tensors: readonly (WireTensor | undefined)[]): void {
  let cells = 0;
  for (const tensor of tensors) {
    const [rows = 0, width = 0] = (tensor?.sparse && tensor.shape) ?? [];
    // Anything else than a size is refused where the tensor is read.
    if (rows > 0 && width > 0) cells += rows * width;
  }
  if (cells <= MAX_CELLS) return;
  const remedy = `Send at most ${MAX_CELLS} cells per request, zeros included: fewer datums, or fewer columns.`;
  throw invalid('data', `has sparse tensors with ${cells} cells in total.`, remedy);
}

/** The tensor with all of its cells. @throws InvalidRequestError that names the field */
export function densify(tensor: WireTensor, field: string): WireTensor {
  const { values, sparse } = tensor;
  if (!sparse) return tensor;
  const { rows, width } = checkSparse(tensor, sparse, field);
  const { rowStarts, columns } = sparse;
  const cells = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = numberOf(rowStarts[row]); i < numberOf(rowStarts[row + 1]); i++) {
      cells[row * width + numberOf(columns[i])] = numberOf(values[i]);
    }
  }
  return { values: cells, shape: [rows, width] };
}

/** The size of a sparse tensor whose parts fit each other. @throws InvalidRequestError that names the field */
export function checkSparse(
  tensor: WireTensor,
  { rowStarts, columns }: NonNullable<WireTensor['sparse']>,
  field: string,
): { readonly rows: number; readonly width: number } {
  const { values, shape } = tensor;
  const [rows = -1, width = -1] = shape ?? [];
  if (shape?.length !== 2 || !isSize(rows) || !isSize(width)) throw badShape(tensor, field);
  if (rowStarts.length !== rows + 1 || numberOf(rowStarts[0]) !== 0 || numberOf(rowStarts[rows]) !== values.length) {
    throw invalid(`${field}.sparse_crow_indices`, 'do not match shape and values.', REMEDY);
  }
  if (columns.length !== values.length)
    throw invalid(`${field}.sparse_col_indices`, 'do not match the values.', REMEDY);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [numberOf(rowStarts[row]), numberOf(rowStarts[row + 1])];
    if (!(Number.isInteger(end) && end >= start && end <= values.length)) {
      throw invalid(`${field}.sparse_crow_indices`, `are not ascending at row ${row}.`, REMEDY);
    }
  }
  for (let i = 0; i < columns.length; i++) {
    const column = numberOf(columns[i]);
    if (!(Number.isInteger(column) && column >= 0 && column < width)) {
      throw invalid(`${field}.sparse_col_indices[${i}]`, `is ${describe(columns[i])}.`, REMEDY);
    }
  }
  return { rows, width };
}

function badShape({ shape }: WireTensor, field: string): Error {
  return invalid(`${field}.shape`, `is ${shapeText(shape)}, which is not supported for a sparse tensor.`, REMEDY);
}

/** As many sizes as any tensor here has; a client may claim thousands. */
export function shapeText(shape: readonly number[] = []): string {
  return shape.length > 4 ? `a list of ${shape.length}` : `[${shape.join(',')}]`;
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

/** Images and audio: the base models here read text only. */
export function refuseChunk(kind: string, field: string): never {
  const remedy = 'Send only "encoded_text" chunks: the base models of this server support neither images nor audio.';
  throw invalid(field, `is a chunk of kind '${shortened(kind)}'.`, remedy);
}
