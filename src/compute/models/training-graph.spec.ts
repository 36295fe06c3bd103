import { describe, expect, it } from 'vitest';
import { interpret, type Numbers, type NumbersByName } from '../../../test/support/engines/graph-interpreter.js';
import { randomNumbers } from '../../../test/support/models/numbers-builders.js';
import { packedRun } from '../../../test/support/engines/packed-run.js';
import { integers } from '../../../test/support/models/ragged-builders.js';
import { type LoraSpec, TARGET_MODULES, type TargetModule } from '../../domain/adapter/lora-spec.js';
import { modelParameters } from './model-parameters.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type HostTensor, type Program } from '../graph/program.js';
import { slopeFeeds } from '../local/passes/run-feeds.js';
import { dropoutFeeds } from '../local/passes/dropout.js';
import { loraShapes } from './adapter-modules.js';
import { PositionTables } from '../local/position-tables.js';
import { LORA_SCALE } from './lora-linears.js';
import { LOSS_INPUTS } from './loss-coefficients.js';
import { type AttentionKind, COEFFICIENTS, forwardProgram, gradientName, LOGPROBS, trainingPrograms } from './training-graph.js';

/** The whole graph in float64: gradients against finite differences, and its ways of running against each other. */
const LLAMA: TransformerConfig = {
  family: 'llama',
  vocabSize: 11,
  hiddenSize: 4,
  intermediateSize: 6,
  layerCount: 2,
  headCount: 2,
  kvHeadCount: 1,
  headDim: 2,
  rmsNormEps: 1e-3,
  contextLength: 16,
  tiedEmbeddings: true,
  rope: { theta: 100, scaling: null },
};
const MODELS: TransformerConfig[] = [
  LLAMA,
  { ...LLAMA, family: 'qwen2', kvHeadCount: 2 },
  { ...LLAMA, family: 'qwen3', tiedEmbeddings: false, headDim: 4 },
];
/** Position 1 is not scored. */
const ITEM = {
  tokens: integers([1, 5, 2, 9], [3, 3], [10]),
  targets: integers([5, 2, 9, 4], [3, 0], [7]),
  scored: Uint8Array.of(1, 0, 1, 1, 1, 1, 1),
};
const ROWS = 6;
const SCALE = 1.5;

class Setting {
  readonly lora: LoraSpec;
  readonly packed;
  readonly weights: NumbersByName;
  readonly feeds: Map<string, Numbers>;

  constructor(
    readonly config: TransformerConfig,
    readonly targets: readonly TargetModule[],
    dropout = 0,
    private readonly attention: AttentionKind = 'whole',
  ) {
    this.lora = { rank: 2, alpha: 3, dropout, targetModules: targets, rsLora: false, seed: 5 };
    this.packed = packedRun(ITEM, [0, 1, 2], new PositionTables(config), attention);
    this.weights = new Map(
      [...modelParameters(config)].map(([name, shape]) => {
        const { data } = randomNumbers(name, shape);
        return [name, { shape, data: name.includes('norm') ? data.map((value) => 1 + 0.3 * value) : data }];
      }),
    );
    const lora = [...loraShapes(config, this.lora)].map(([name, shape]) => [name, randomNumbers(name, shape)] as const);
    this.feeds = new Map([
      ...toNumbers(this.packed.feeds),
      ...toNumbers(
        slopeFeeds(this.packed, [
          {
            terms: { policy: 'weights', low: 0, high: 0, beta: 0 },
            weights: new Float32Array(ROWS).fill(1),
            samplerLogprobs: new Float32Array(ROWS),
            advantages: new Float32Array(ROWS),
          },
        ]),
      ),
      ...lora,
      [LORA_SCALE, { shape: [1, 1], data: [SCALE] }],
    ]);
  }

  programs({ recompute = false } = {}) {
    const { config, attention } = this;
    const dropout = this.lora.dropout > 0;
    return trainingPrograms({ config, targets: new Set(this.targets), dropout, attention, recompute });
  }

  run(program: Program, more: Iterable<[string, Numbers]> = []) {
    const masks = toNumbers(dropoutFeeds(program, this.packed, [{ lora: this.lora, passes: 3 }]));
    return interpret(program, new Map([...this.feeds, ...masks, ...more]), this.weights);
  }
}

function toNumbers(feeds: Iterable<[string, HostTensor]>): [string, Numbers][] {
  return [...feeds].map(([name, { shape, data }]) => [name, { shape, data: Array.from(data, Number) }]);
}

function randomCoefficients(): Numbers {
  return randomNumbers('coefficients', [ROWS, 1]);
}

describe.each(MODELS)('training graph of $family', (config) => {
  describe.each([
    { name: 'all linears', targets: TARGET_MODULES, dropout: 0 },
    { name: 'all linears with dropout', targets: TARGET_MODULES, dropout: 0.4 },
    { name: 'q and v', targets: ['q_proj', 'v_proj'] as const, dropout: 0 },
  ])('$name', ({ targets, dropout }) => {
    const setting = new Setting(config, targets, dropout);
    const { fused, splitForward, splitBackward } = setting.programs();
    const coefficients = randomCoefficients();
    const saved = setting.run(splitForward);
    const split = setting.run(splitBackward, [...saved, [COEFFICIENTS, coefficients]]);

    it('gradients are what finite differences of the log-probs give', () => {
      const lossAt = (name: string, element: number, delta: number) => {
        const { shape, data } = setting.feeds.get(name)!;
        const moved = { shape, data: data.with(element, data[element]! + delta) };
        const logprobs = setting.run(splitForward, [[name, moved]]).get(LOGPROBS)!.data;
        return logprobs.reduce((sum, value, i) => sum + value * coefficients.data[i]!, 0);
      };
      for (const [name, [rows, columns]] of loraShapes(config, setting.lora)) {
        const { data } = split.get(gradientName(name))!;
        for (const element of [Math.floor((rows * columns) / 2), rows * columns - 1]) {
          const difference = (lossAt(name, element, 1e-6) - lossAt(name, element, -1e-6)) / 2e-6;
          // Differences with this step are right to 1e-9 or so; gradients here are of order 0.1 to 10.
          expect(Math.abs(data[element]! - difference), `${name}[${element}]`).toBeLessThan(1e-6);
        }
      }
    });

    it('forward and backward repeat nothing but views', () => {
      const work = (nodes: Program['nodes']) => nodes.filter(({ operation: { op } }) => op !== 'reshape' && op !== 'identity');
      const count = ({ nodes }: Program) => work(nodes).length;
      const repeated = splitBackward.nodes.filter((node) => splitForward.nodes.includes(node));
      expect(work(repeated)).toEqual([]);
      expect(count(splitForward) + count(splitBackward)).toBeLessThanOrEqual(count(fused));
    });

    it('one run gives what forward and backward give', () => {
      const weights: [string, Numbers] = [LOSS_INPUTS.weights, { ...coefficients, data: coefficients.data.map((c) => -c) }];
      const whole = setting.run(fused, [weights]);
      expect(whole.get(LOGPROBS)).toEqual(saved.get(LOGPROBS));
      for (const [name, { data }] of split) {
        data.forEach((value, i) => expect(whole.get(name)!.data[i], name).toBeCloseTo(value, 12));
      }
    });
  });

  it('the program without gradients gives the same log-probs', () => {
    const setting = new Setting(config, TARGET_MODULES);
    const forward = setting.run(forwardProgram({ config, targets: new Set(TARGET_MODULES) }));
    expect(forward.get(LOGPROBS)).toEqual(setting.run(setting.programs().fused).get(LOGPROBS));
  });

  it.each([0, 0.4])('attention in blocks, and computing again for the backward, change nothing (dropout %f)', (dropout) => {
    const whole = new Setting(config, TARGET_MODULES, dropout);
    const blocks = new Setting(config, TARGET_MODULES, dropout, 'blocks');
    const expected = whole.run(whole.programs().fused);
    for (const recompute of [false, true]) {
      const { fused, splitForward, splitBackward } = blocks.programs({ recompute });
      const together = blocks.run(fused);
      const coefficients = randomCoefficients();
      const saved = blocks.run(splitForward);
      const apart = blocks.run(splitBackward, [...saved, [COEFFICIENTS, coefficients]]);
      const apartWhole = whole.run(whole.programs().splitBackward, [
        ...whole.run(whole.programs().splitForward),
        [COEFFICIENTS, coefficients],
      ]);
      for (const [found, wanted] of [
        [together, expected],
        [apart, apartWhole],
      ] as const) {
        for (const [name, { data }] of wanted) {
          data.forEach((value, i) => expect(found.get(name)!.data[i], name).toBeCloseTo(value, 10));
        }
      }
    }
  });

  it('computing again keeps of a layer what goes into it and the result of its attention', () => {
    const kept = (layerCount: number) =>
      new Setting({ ...config, layerCount }, TARGET_MODULES, 0, 'blocks').programs({ recompute: true }).splitForward
        .outputs.size;
    expect(kept(3) - kept(2)).toBe(2);
  });

  it('keeps no result of a norm, a sigmoid or the gated activation for the backward', () => {
    const kept = (layerCount: number) => {
      const { splitForward } = new Setting({ ...config, layerCount }, ['q_proj', 'v_proj']).programs();
      return [...splitForward.outputs].filter(([, { source, shape }]) => {
        const op = source.kind === 'node' ? source.node.operation.op : source.kind;
        return op === 'sigmoid' || (op === 'rmsNorm' && shape.at(-1) !== 1) || (op === 'mul' && shape.at(-1) !== 'R');
      }).length;
    };
    expect(kept(3) - kept(2)).toBe(0);
  });

  it('log-probs are those of a distribution over the vocabulary', () => {
    const setting = new Setting(config, []);
    const program = forwardProgram({ config, targets: new Set() });
    const labels = setting.feeds.get('labels.0')!;
    const total = labels.data.map(() => 0);
    for (let token = 0; token < config.vocabSize; token++) {
      const all: [string, Numbers] = ['labels.0', { shape: labels.shape, data: labels.data.map(() => token) }];
      setting.run(program, [all]).get(LOGPROBS)!.data.forEach((value, row) => (total[row]! += Math.exp(value)));
    }
    total.forEach((sum) => expect(sum).toBeCloseTo(1, 10));
  });

  it('no token sees what comes after it', () => {
    const setting = new Setting(config, []);
    const program = forwardProgram({ config, targets: new Set() });
    const tokens = setting.feeds.get('tokens')!;
    const before = setting.run(program).get(LOGPROBS)!.data;
    // Token 3 is the last of the first sequence: rows 0 and 1 (positions 0 and 2) come before it, row 2 is its own.
    const changed: [string, Numbers] = ['tokens', { ...tokens, data: tokens.data.with(3, 6) }];
    const after = setting.run(program, [changed]).get(LOGPROBS)!.data;
    expect(after.map((value, row) => value === before[row])).toEqual([true, true, false, true, true, true]);
  });
});
