import { type TargetModule } from '../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { attention, logSumExp } from '../graph/composites.js';
import { product } from '../graph/dim.js';
import { Graph, type Tensor } from '../graph/graph.js';
import { Operations } from '../graph/operations.js';
import { extractProgram, type Program } from '../graph/program.js';
import { LoraLinears, type LoraVariation } from './lora-linears.js';
import { type SequenceLayout } from './sequence-layout.js';
import { finalNorm, outputProjection, transformer } from './transformer.js';

/**
 * Results: next-token logits of the L rows that `last` names [L, V], their log-sum-exp [L, 1], and per layer the keys and values of the new tokens,
 * [B, kvHeads, S, D].
 */
export const LOGITS = 'logits';
export const LOG_SUM = 'logSum';
export const pastName = (kind: 'keys' | 'values', layer: number) => `past.${kind}.${layer}`;
export const presentName = (kind: 'keys' | 'values', layer: number) => `present.${kind}.${layer}`;

/**
 * One step of generation: S new tokens for each of B sequences, given keys and values of earlier ones. Prefill is a step
 * with the whole prompt, decoding a step with one token. The cache stays with the host: cached keys and values are fed
 * where they lie (inputs are not copied) and only those of the new tokens come back.
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
  const tokens = graph.input('tokens', 'i32', [product('B', 'S')]);
  const hidden = transformer(ops, config, linears, cachedLayout(ops, config, present), tokens);

  const last = graph.input('last', 'i32', ['L']);
  const x = finalNorm(ops, config, ops.gatherRows(hidden, last));
  const base = ops.matmul(x, outputProjection(ops, config), { transposeB: true });
  const lora = linears.project(x, 'lm_head', 'lm_head', config.vocabSize, 'head_input');
  const logits = lora ? ops.add(ops.matmul(lora.projected, lora.up, { transposeB: true }), base) : base;
  return extractProgram(new Map([[LOGITS, logits], [LOG_SUM, logSumExp(ops, logits, ops.softmax(logits))], ...present]));
}

function cachedLayout(ops: Operations, config: TransformerConfig, present: Map<string, Tensor>): SequenceLayout {
  const { graph } = ops;
  const { headDim, headCount, kvHeadCount } = config;
  const positions = graph.input('positions', 'i64', [product('B', 'S'), 1]);
  const mask = graph.input('mask', 'f32', ['S', 1, 'S']);
  const pastMask = graph.input('pastMask', 'f32', ['B', 1, 1, 'P']);
  const sizes = graph.input('sizes', 'i64', [2]);
  const cos = graph.input('cos', 'f32', ['M', headDim / 2]);
  const sin = graph.input('sin', 'f32', ['M', headDim / 2]);
  const past = (kind: 'keys' | 'values', layer: number) =>
    graph.input(pastName(kind, layer), 'f32', ['B', kvHeadCount, 'P', headDim]);
  const byKeyHead = (x: Tensor) => {
    const groups = (x.shape[1] as number) / kvHeadCount;
    const heads = ops.transpose(ops.reshape(x, ['B', 'S', kvHeadCount, groups * headDim]), [0, 2, 1, 3]);
    return ops.reshape(heads, ['B', kvHeadCount, product('S', groups), headDim]);
  };
  const byToken = (x: Tensor) => {
    const heads = ops.reshape(x, ['B', kvHeadCount, 'S', (headCount / kvHeadCount) * headDim]);
    return ops.reshape(ops.transpose(heads, [0, 2, 1, 3]), [product('B', 'S'), headCount * headDim]);
  };
  return {
    rotate: (x) => ops.rope(x, positions, { cos, sin, negativeSin: sin }),
    attend(layer, query, keys, values) {
      const newKeys = byKeyHead(keys);
      const newValues = byKeyHead(values);
      present.set(presentName('keys', layer), newKeys);
      present.set(presentName('values', layer), newValues);
      const context = attention(ops, byKeyHead(query), newKeys, newValues, mask, {
        keys: past('keys', layer),
        values: past('values', layer),
        mask: pastMask,
        sizes,
      });
      return byToken(context);
    },
  };
}
