import { type TargetModule } from '../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { attention, logSumExp, loraProduct } from '../graph/composites.js';
import { product } from '../graph/dim.js';
import { Graph, type Tensor } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, type Program } from '../graph/program.js';
import { LoraLinears, type LoraVariation } from './lora-linears.js';
import { type SequenceLayout } from './sequence-layout.js';
import { finalNorm, outputProjection, transformer } from './transformer.js';

/**
 * Results: next-token logits of the L rows that `last` names [L, V], their softmax [L, V] and log-sum-exp [L, 1], and per
 * layer the keys and values of all sequences with those of the new tokens, [B, kvHeads, P, D].
 */
export const LOGITS = 'logits';
export const PROBABILITIES = 'probabilities';
export const LOG_SUM = 'logSum';

type CacheKind = 'keys' | 'values';
export const pastName = (kind: CacheKind, layer: number) => `past.${kind}.${layer}`;
export const presentName = (kind: CacheKind, layer: number) => `present.${kind}.${layer}`;

/**
 * One step of generation: T new tokens of B sequences, none of which takes more than S, after those that their rows of
 * the cache hold. Prefill is a step with a piece of the prompt, decoding a step with one token of each sequence. The
 * cache lies with the host; new keys and values are written into it (see Operations.scatterRows).
 *
 * Tokens are rows without padding, as in training. Attention reads whole rows of the cache of P positions and hides what a
 * token must not see, with training's operations in training's order: so a token's numbers are the same bits in any
 * company, and those of a forward pass over all tokens at once.
 */
export function generationProgram(
  config: TransformerConfig,
  targets: ReadonlySet<TargetModule>,
  variation: LoraVariation = {},
): Program {
  const graph = new Graph();
  const ops = new Operations(graph);
  const linears = new LoraLinears(ops, { ...variation, targets, trainable: false, dropout: false });
  const present = new Map<string, Tensor>();
  const tokens = graph.input('tokens', 'i32', ['T']);
  const hidden = transformer(ops, config, linears, cachedLayout(ops, config, present), tokens);

  const last = graph.input('last', 'i32', ['L']);
  const x = finalNorm(ops, config, ops.gatherRows(hidden, last));
  const base = ops.matmul(x, outputProjection(ops, config), { transposeB: true });
  const lora = linears.project(x, 'lm_head', 'lm_head', config.vocabSize, 'head_input');
  const logits = lora ? ops.add(loraProduct(ops, lora.projected, lora.up), base) : base;
  const probabilities = ops.softmax(logits);
  const logSum = logSumExp(ops, logits, probabilities);
  return extractProgram(
    new Map([[LOGITS, logits], [PROBABILITIES, probabilities], [LOG_SUM, logSum], ...present]),
  );
}

function cachedLayout(ops: Operations, config: TransformerConfig, present: Map<string, Tensor>): SequenceLayout {
  const { graph } = ops;
  const { headDim, headCount, kvHeadCount } = config;
  const grouped = (headCount / kvHeadCount) * headDim;
  const positions = graph.input('positions', 'i64', ['T', 1]);
  const written = graph.input('written', 'i64', ['T', kvHeadCount, 3]);
  const padIndex = graph.input('padIndex', 'i32', ['B', kvHeadCount, 'S']);
  const validIndex = graph.input('validIndex', 'i32', [product('T', kvHeadCount)]);
  const mask = graph.input('mask', 'f32', ['B', 1, 'S', 1, 'P']);
  const cos = graph.input('cos', 'f32', ['M', headDim / 2]);
  const sin = graph.input('sin', 'f32', ['M', headDim / 2]);
  const withNew = (kind: CacheKind, layer: number, heads: Tensor) => {
    const past = graph.input(pastName(kind, layer), 'f32', ['B', kvHeadCount, 'P', headDim]);
    const all = ops.scatterRows(past, written, ops.reshape(heads, ['T', kvHeadCount, headDim]));
    present.set(presentName(kind, layer), all);
    return all;
  };
  return {
    rotate: (x) => ops.rope(x, positions, { cos, sin, negativeSin: sin }),
    attend(layer, query, keys, values) {
      const rows = ops.gatherRows(ops.reshape(query, [product('T', kvHeadCount), grouped]), padIndex);
      const queries = ops.reshape(rows, ['B', kvHeadCount, product('S', headCount / kvHeadCount), headDim]);
      const context = attention(ops, queries, withNew('keys', layer, keys), withNew('values', layer, values), mask);
      const padded = ops.reshape(context, [product('B', kvHeadCount, 'S'), grouped]);
      return ops.reshape(ops.gatherRows(padded, validIndex), ['T', headCount * headDim]);
    },
  };
}
