import { type LossInputs, type LossResult } from '../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import {
  type LossConfig,
  LossFunction,
  type LossMetadata,
  requiredInput,
  shownMetrics,
  TARGET_TOKENS,
} from '../loss-function.js';
import { NonFiniteExpressionError } from './non-finite-expression.error.js';
import { compileLoss } from './loss-compiler.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { LossEvaluation } from './loss-evaluation.js';
import { type LossProgram } from './loss-program.js';
import { isSumOverDatums } from './sum-over-datums.js';

/** A loss that a client has written as formulas. Made from its definition alone, so it is the same wherever it runs. */
export class WrittenLoss extends LossFunction {
  private readonly program: LossProgram;
  private readonly described: LossMetadata;

  /** @throws ExpressionError, InvalidRequestError */
  constructor(readonly definition: LossDefinition) {
    super();
    this.program = compileLoss(definition);
    const { inputs, config } = this.program;
    const { name, description = '' } = definition;
    this.described = {
      name,
      description,
      inputs,
      config,
      multipleTargets: true,
      sumOverDatums: isSumOverDatums(this.program),
    };
  }

  override get metadata(): LossMetadata {
    return this.described;
  }

  /** Config keys that no formula uses: most likely misspelt. */
  get unusedConfig(): string[] {
    const used = this.program.steps.flatMap(({ operation }) => (operation.kind === 'config' ? [operation.name] : []));
    return this.program.config.map(({ name }) => name).filter((name) => !used.includes(name));
  }

  /** Does any formula use the tokens themselves? */
  get readsTargets(): boolean {
    const isTargets = ({ operation }: LossProgram['steps'][number]) =>
      operation.kind === 'input' && operation.input.name === TARGET_TOKENS.name;
    return this.program.steps.some(isTargets);
  }

  /** @throws NonFiniteExpressionError naming the formula in which the first NaN or infinity came up */
  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult {
    const evaluation = this.evaluate(logprobs, inputs, config);
    const loss = evaluation.numberOf(this.program.loss);
    const dLogprobs = evaluation.gradientOf(this.program.loss);
    if (!Number.isFinite(loss) || !dLogprobs.every(Number.isFinite)) {
      throw new NonFiniteExpressionError(this.metadata.name, loss, evaluation.firstNonFinite());
    }
    const metrics = [...this.program.metrics].map(([name, step]) => [name, evaluation.numberOf(step)] as const);
    return { loss, dLogprobs, metrics: shownMetrics(Object.fromEntries(metrics)) };
  }

  override activePositions(inputs: LossInputs): Uint8Array {
    const targets = requiredInput(inputs, TARGET_TOKENS.name);
    const width = rowWidth(targets);
    const active = new Uint8Array(targets.data.length / width);
    const counts = this.counts(inputs, {});
    if (!counts) return active.fill(1);
    for (let i = 0; i < counts.length; i++) if (counts[i] !== 0) active[Math.floor(i / width)] = 1;
    return active;
  }

  /** Every step keeps its values until the gradient is taken. */
  override numbersHeld(inputs: LossInputs): number {
    const { data, offsets } = requiredInput(inputs, TARGET_TOKENS.name);
    const sizes = { one: 1, datum: offsets.length - 1, token: data.length };
    return this.program.steps.reduce((sum, { shape }) => sum + sizes[shape], 0);
  }

  /** The loss, NaN and infinity included, with what stop_gradient holds still as it is at `held`. */
  override surrogate(
    logprobs: RaggedTensor<Float32Array>,
    inputs: LossInputs,
    config: LossConfig,
    held: RaggedTensor<Float32Array>,
  ): number {
    const evaluation = this.evaluate(logprobs, inputs, config);
    const before = this.evaluate(held, inputs, config);
    this.program.steps.forEach(({ operation }, i) => {
      if (operation.kind === 'stop_gradient') evaluation.fix(i, before.valuesOf(i));
    });
    return evaluation.numberOf(this.program.loss);
  }

  private evaluate(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossEvaluation {
    return new LossEvaluation(this.program, { logprobs, inputs, config }, this.counts(inputs, config));
  }

  private counts(inputs: LossInputs, config: LossConfig): Uint8Array | undefined {
    const { mask } = this.program;
    if (mask === null) return undefined;
    return Uint8Array.from(new LossEvaluation(this.program, { logprobs: null, inputs, config }).valuesOf(mask));
  }
}
