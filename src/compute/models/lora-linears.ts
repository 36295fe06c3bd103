import { type TargetModule } from '../../domain/adapter/lora-spec.js';
import { LORA_ALPHA, loraProduct } from '../graph/composites.js';
import { type Dim } from '../graph/dim.js';
import { type Tensor } from '../graph/graph.js';
import { type Operations } from '../graph/operations.js';

/** How adapters of one graph differ from the usual ones, which have one rank and target every layer. */
export interface LoraVariation {
  /** Modules of the targeted kinds, by full name, that carry no LoRA. */
  readonly excluded?: ReadonlySet<string>;
  /** Each module has a rank and a scale of its own. */
  readonly mixed?: boolean;
}

/** How adapters enter a graph; one compiled graph serves every adapter with the same targets, whatever its rank. */
export interface LoraOptions extends LoraVariation {
  readonly targets: ReadonlySet<TargetModule>;
  /** Gradients of A and B are wanted. */
  readonly trainable: boolean;
  /** Elements of the inputs of A are multiplied by masks fed as `dropout.<site>`. */
  readonly dropout: boolean;
}

/** Name of the input that scales every LoRA of the graph (alpha / rank, or alpha / sqrt(rank)). */
export const LORA_SCALE = 'lora.scale';

/** The same of one module, in a mixed graph. */
export const moduleScale = (module: string): string => `${LORA_SCALE}.${module}`;

/** Symbol of the adapter's rank; with a number behind it, of one module's. */
const RANK = 'R';

interface LinearOptions {
  readonly bias?: string;
  /** Added to the result, in the same pass over memory as the product. */
  readonly residual?: Tensor;
  /** Where the input comes from; linears of one site share one dropout mask. */
  readonly site: string;
}

/**
 * The linears of a model: frozen weight, and for targeted modules y += scale B (A drop(x)) with A and B as graph inputs
 * named as in PEFT (`<module>.lora_A.weight`), so that an optimiser step rebuilds nothing (arXiv:2106.09685).
 */
export class LoraLinears {
  private readonly scale: Tensor | null;
  /** Inputs that are dropped from, by what they are without. */
  private readonly masked = new Map<Tensor, Tensor>();
  private readonly inputs = new Map<string, Tensor>();
  /** A and B of every targeted linear, by name, in the order of recording. */
  readonly parameters = new Map<string, Tensor>();

  constructor(
    private readonly ops: Operations,
    private readonly options: LoraOptions,
  ) {
    const shared = options.targets.size > 0 && options.mixed !== true;
    this.scale = shared ? this.scaleOf(LORA_SCALE) : null;
  }

  /** x [T, in] -> [T, out] through the weight `<module>.weight` [out, in]. */
  linear(x: Tensor, module: string, target: TargetModule, out: number, options: LinearOptions): Tensor {
    const { ops } = this;
    const weight = ops.graph.weight(`${module}.weight`, [out, x.shape[1] as number]);
    let y = ops.matmul(x, weight, { transposeB: true });
    if (options.bias) y = ops.add(y, ops.graph.weight(options.bias, [out]));
    if (options.residual) y = ops.add(y, options.residual);
    const lora = this.project(x, module, target, out, options.site);
    return lora ? ops.add(loraProduct(ops, lora.projected, lora.up), y) : y;
  }

  /** What loraProduct() takes: scaled A drop(x) [T, R] and B [out, R] of a targeted linear; null for any other. */
  project(
    x: Tensor,
    module: string,
    target: TargetModule,
    out: number,
    site: string,
  ): { projected: Tensor; up: Tensor } | null {
    const { targets, excluded, mixed } = this.options;
    if (!targets.has(target) || excluded?.has(module)) return null;
    const { ops } = this;
    const name = `${module}.lora_A.weight`;
    const own = () => `${RANK}${this.parameters.size / 2}`;
    const rank: Dim = mixed ? (this.parameters.get(name)?.shape[0] ?? own()) : RANK;
    const down = this.parameter(name, [rank, x.shape[1] as number]);
    const up = this.parameter(`${module}.lora_B.weight`, [out, rank]);
    const scale = this.scale ?? this.scaleOf(moduleScale(module));
    const projected = ops.mul(loraProduct(ops, this.drop(x, site), down), scale);
    return { projected, up };
  }

  private scaleOf(input: string): Tensor {
    return this.ops.scale(this.input(input, [1, 1]), 1 / LORA_ALPHA ** 2);
  }

  private parameter(name: string, shape: readonly Dim[]): Tensor {
    const tensor = this.input(name, shape, { trainable: this.options.trainable });
    this.parameters.set(name, tensor);
    return tensor;
  }

  /** A linear that is recorded again reads the same inputs. */
  private input(name: string, shape: readonly Dim[], options: { trainable?: boolean } = {}): Tensor {
    const tensor = this.inputs.get(name) ?? this.ops.graph.input(name, 'f32', shape, options);
    this.inputs.set(name, tensor);
    return tensor;
  }

  private drop(x: Tensor, site: string): Tensor {
    if (!this.options.dropout) return x;
    const known = this.masked.get(x);
    if (known) return known;
    const dropped = this.ops.mul(x, this.input(`dropout.${site}`, x.shape));
    this.masked.set(x, dropped);
    return dropped;
  }
}
