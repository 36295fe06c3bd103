import { type TargetModule } from '../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { attention } from '../graph/composites.js';
import { type Dim, product } from '../graph/dim.js';
import { gradients } from '../graph/gradients.js';
import { Graph, type Tensor } from '../graph/graph.js';
import { labelLogprobs } from '../graph/label-logprobs.js';
import { Operations } from '../graph/operations.js';
import { carriedTensors, extractProgram, type Program } from '../graph/program.js';
import { lossCoefficients } from './loss-coefficients.js';
import { ADAPTERS, HEAD_SITE, LoraLinears, type LoraVariation } from './lora-linears.js';
import { type SequenceLayout } from './sequence-layout.js';
import { finalNorm, outputProjection, transformer } from './transformer.js';

/**
 * Forward and backward of one batch of T tokens in B sequences, none longer than S, of which N rows are scored against
 * K targets each. One recorded graph gives two ways to run:
 *
 * - `fused`: log-probs and gradients in one run, for losses whose coefficients the graph knows;
 * - split: log-probs and saved tensors, then, given dLoss/dlogprob, gradients; for every loss.
 */
export interface TrainingPrograms {
  readonly fused: Program;
  readonly splitForward: Program;
  readonly splitBackward: Program;
}

/** Result `logprobs` [N, K]; gradients are results named `gradient:<parameter>`; saved tensors `saved:<n>`. */
export const LOGPROBS = 'logprobs';
export const COEFFICIENTS = 'coefficients';
export const labelsName = (chunk: number) => `labels.${chunk}`;
export const gradientName = (parameter: string) => `gradient:${parameter}`;

/** Scored rows go through the vocabulary in this many chunks, one after another; the symbols of their sizes. */
const CHUNK_ROWS = ['N0', 'N1', 'N2', 'N3'] as const;
export const CHUNKS = CHUNK_ROWS.length;

/**
 * How attention is computed: `whole` for sequences of at most ATTENTION_BLOCK positions, else in `blocks` of that number
 * of queries, for which sequences are padded to a multiple of it. Where both can be used they give the same bits.
 */
export type AttentionKind = 'whole' | 'blocks';
export const ATTENTION_BLOCK = 64;

export interface ForwardGraphOptions extends LoraVariation {
  readonly config: TransformerConfig;
  readonly targets: ReadonlySet<TargetModule>;
  /** `whole` where it is left out. */
  readonly attention?: AttentionKind;
}

export interface TrainingGraphOptions extends ForwardGraphOptions {
  readonly dropout: boolean;
  /**
   * Keeps of each layer its input and the result of its attention, and computes the rest again for the backward: a fifth
   * of the memory, the same bits, and more time.
   */
  readonly recompute?: boolean;
}

export function trainingPrograms(options: TrainingGraphOptions): TrainingPrograms {
  const { ops, linears, logprobs } = recordForward(options, { trainable: true });
  const { tensorCount } = ops.graph;
  const coefficients = lossCoefficients(ops, logprobs);
  const parameters = [...linears.parameters];
  const found = gradients(ops, [{ of: logprobs, gradient: coefficients }], [...linears.parameters.values()]);
  const ofParameters = new Map(parameters.map(([name, tensor]) => [gradientName(name), found.get(tensor)!]));

  const wholeBackward = extractProgram(ofParameters, new Map([[COEFFICIENTS, coefficients]]));
  const carried = carriedTensors(wholeBackward, ({ id }) => id < tensorCount);
  const saved = carried.map((tensor, i): [string, Tensor] => [`saved:${i}`, tensor]);
  return {
    fused: extractProgram(new Map([[LOGPROBS, logprobs], ...ofParameters])),
    splitForward: extractProgram(new Map([[LOGPROBS, logprobs], ...saved])),
    splitBackward: extractProgram(ofParameters, new Map([...saved, [COEFFICIENTS, coefficients]])),
  };
}

/** Log-probs alone: all that a model without an adapter, or one that is only read, needs. */
export function forwardProgram(options: ForwardGraphOptions): Program {
  const { logprobs } = recordForward({ ...options, dropout: false }, { trainable: false });
  return extractProgram(new Map([[LOGPROBS, logprobs]]));
}

function recordForward(options: TrainingGraphOptions, { trainable }: { trainable: boolean }) {
  const { config, recompute = false, attention: kind = 'whole', ...adapted } = options;
  const graph = new Graph();
  const ops = new Operations(graph);
  const linears = new LoraLinears(ops, { ...adapted, trainable });
  const tokens = graph.input('tokens', 'i32', ['T']);
  const hidden = transformer(ops, config, linears, packedLayout(ops, config, kind), tokens, { recompute });

  const rows = graph.input('rows', 'i32', ['N']);
  const rowsInverse = graph.input('rowsInverse', 'i32', ['T']);
  // Rows of several adapters lie adapter by adapter in each chunk, for the gradient of the projection's LoRA.
  const lead = (size: Dim) => (adapted.slots && adapted.targets.has('lm_head') ? [ADAPTERS, size] : [size]);
  const labels = CHUNK_ROWS.map((size, chunk) => graph.input(labelsName(chunk), 'i32', [...lead(size), 'K']));
  const chunkSizes = graph.input('chunkSizes', 'i64', [CHUNK_ROWS.length]);
  const scored = ops.gatherRows(hidden, rows, { inverse: { index: rowsInverse, complete: false } });
  const x = finalNorm(ops, config, scored);
  const lora = linears.project(x, 'lm_head', 'lm_head', config.vocabSize, HEAD_SITE);
  const weight = outputProjection(ops, config);
  const logprobs = labelLogprobs(ops, { hidden: x, weight, labels, chunkSizes, rows: 'N', lora });
  return { ops, linears, logprobs };
}

/** Rows outside attention, padded sequences inside it. */
function packedLayout(ops: Operations, config: TransformerConfig, kind: AttentionKind): SequenceLayout {
  const { graph } = ops;
  const { headCount, kvHeadCount, headDim } = config;
  const paddedRows = product('B', kvHeadCount, 'S');
  const padIndex = graph.input('padIndex', 'i32', ['B', kvHeadCount, 'S']);
  const validIndex = graph.input('validIndex', 'i32', [product('T', kvHeadCount)]);
  const positions = graph.input('positions', 'i64', ['T', 1]);
  const attend = kind === 'whole' ? wholeAttention(ops) : blockAttention(ops, headDim);
  const table = (name: string): Tensor => graph.input(name, 'f32', ['M', headDim / 2]);
  const tables = { cos: table('cos'), sin: table('sin'), negativeSin: table('negativeSin') };
  /** One gather both pads and brings the heads that share a key head together. */
  const padded = (x: Tensor) => {
    const groups = (x.shape[1] as number) / kvHeadCount;
    const rows = ops.reshape(x, [product('T', kvHeadCount), groups * headDim]);
    const gathered = ops.gatherRows(rows, padIndex, { inverse: { index: validIndex, complete: true } });
    return ops.reshape(gathered, ['B', kvHeadCount, product('S', groups), headDim]);
  };
  return {
    rotate: (x) => ops.rope(x, positions, tables),
    attend(layer, query, keys, values) {
      const context = attend(layer, padded(query), padded(keys), padded(values));
      const rows = ops.reshape(context, [paddedRows, (headCount / kvHeadCount) * headDim]);
      const valid = ops.gatherRows(rows, validIndex, { inverse: { index: padIndex, complete: false } });
      return ops.reshape(valid, ['T', headCount * headDim]);
    },
  };
}

/** Of queries [B, kvHeads, S * G, D], keys and values. */
type Attend = (layer: number, query: Tensor, keys: Tensor, values: Tensor) => Tensor;

function wholeAttention(ops: Operations): Attend {
  const mask = ops.graph.input('mask', 'f32', ['S', 1, 'S']);
  return (_layer, query, keys, values) => attention(ops, query, keys, values, mask);
}

/** A layer that is recorded again finds the result of its attention, which costs more to compute than to keep. */
function blockAttention(ops: Operations, headDim: number): Attend {
  const results = new Map<number, Tensor>();
  return (layer, query, keys, values) => {
    const options = { alpha: 1 / Math.sqrt(headDim), block: ATTENTION_BLOCK, known: results.get(layer) };
    const result = ops.causalAttention(query, keys, values, options);
    if (!results.has(layer)) results.set(layer, result);
    return result;
  };
}
