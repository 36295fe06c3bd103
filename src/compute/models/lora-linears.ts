import { type TargetModule } from '../../domain/adapter/lora-spec.js';
import { LORA_ALPHA, loraProduct } from '../graph/composites.js';
import { type Dim, product } from '../graph/dim.js';
import { type DType, type Tensor } from '../graph/graph.js';
import { type Operations } from '../graph/operations.js';

/** How adapters of one graph differ from the usual ones, which have one rank and target every layer. */
export interface LoraVariation {
  /** Modules of the targeted kinds, by full name, that carry no LoRA. */
  readonly excluded?: ReadonlySet<string>;
  /** Each module has a scale of its own and, without slots, a rank of its own. */
  readonly mixed?: boolean;
  /** Rows belong to several adapters; see SlotInputs. */
  readonly slots?: boolean;
}

/** How adapters enter a graph; one compiled graph serves every adapter with the same targets, whatever its rank. */
export interface LoraOptions extends LoraVariation {
  readonly targets: ReadonlySet<TargetModule>;
  /** Gradients of A and B are wanted. */
  readonly trainable: boolean;
  /** Elements of the inputs of A are multiplied by masks fed as `dropout.<site>`. */
  readonly dropout: boolean;
}

/** What the name of an A matrix has behind that of its module, and that of a B matrix; as in PEFT. */
export const A_SUFFIX = '.lora_A.weight';
export const B_SUFFIX = '.lora_B.weight';

/** Name of the input that scales every LoRA of the graph (alpha / rank, or alpha / sqrt(rank)). */
export const LORA_SCALE = 'lora.scale';

/** The same of one module, in a mixed graph; with slots [A, 1, 1], and the adapter's scale in SlotInputs is then 1. */
export const moduleScale = (module: string): string => `${LORA_SCALE}.${module}`;

/**
 * Inputs of a graph for several adapters, of which A, B and their gradients are stacked: A [A, R, in], B [A, out, R]. Their
 * products are batched, one adapter each, so that every sum over an adapter's rows begins with its first row and no
 * number of one adapter meets one of another.
 *
 * An adapter with fewer rows than the most, Q, has its own first row repeated behind them, with a scale of 0. Where it has
 * no LoRA on a module, and for rows of the bare base model, A and B are zeros: what they add is -0 everywhere (see
 * LORA_ALPHA), which changes no bit.
 */
export interface SlotInputs {
  /** i32 [A, Q], for each row of a slot the row that it takes. */
  readonly gather: string;
  /** i32 [T], for each row its index among the A * Q. */
  readonly scatter: string;
  /** [A, Q, 1], the adapter's scale; 0 where a row is repeated. */
  readonly scale: string;
}

/** Of the rows that pass through the layers, and of those that are scored, which the output projection takes. */
export const LAYER_SLOTS: SlotInputs = { gather: 'lora.gather', scatter: 'lora.scatter', scale: LORA_SCALE };
export const HEAD_SLOTS: SlotInputs = {
  gather: 'lora.headGather',
  scatter: 'lora.headScatter',
  scale: 'lora.headScale',
};

/** The site of the output projection. */
export const HEAD_SITE = 'head_input';

/** Symbol of the adapter's rank; with a number behind it, of one module's. */
const RANK = 'R';
/** Symbol of the number of adapters. */
export const ADAPTERS = 'A';

interface LinearOptions {
  readonly bias?: string;
  /** Added to the result, in the same pass over memory as the product. */
  readonly residual?: Tensor;
  /** Where the input comes from; linears of one site share one dropout mask. */
  readonly site: string;
}

/** The inputs of one SlotInputs. */
interface Slots {
  readonly gather: Tensor;
  readonly scatter: Tensor;
  readonly scale: Tensor;
}

/**
 * The linears of a model: frozen weight, and for targeted modules y += scale B (A drop(x)) with A and B as graph inputs
 * named as in PEFT (`<module>.lora_A.weight`), so that an optimiser step rebuilds nothing (arXiv:2106.09685).
 *
 * For several adapters the graph has the same operations in the same order as for one, but for the gathers to and from
 * their slots: a number of an adapter is computed alike in both. So it is with other targets beside its own: what reads a
 * site's input is recorded in the same order whichever linears of the site are targeted.
 */
export class LoraLinears {
  private readonly scale: Tensor | null;
  private readonly slots = new Map<SlotInputs, Slots>();
  private readonly inputs = new Map<string, Tensor>();
  /** What the LoRAs of a site read, by what the site is given. */
  private readonly sites = new Map<Tensor, Tensor>();
  /** A and B of every targeted linear, by name, in the order of recording. */
  readonly parameters = new Map<string, Tensor>();

  constructor(
    private readonly ops: Operations,
    private readonly options: LoraOptions,
  ) {
    const shared = options.targets.size > 0 && !options.mixed && !options.slots;
    this.scale = shared ? this.scaleInput(LORA_SCALE, [1, 1]) : null;
  }

  /** x [T, in] -> [T, out] through the weight `<module>.weight` [out, in]. */
  linear(x: Tensor, module: string, target: TargetModule, out: number, options: LinearOptions): Tensor {
    const { ops } = this;
    // Before the product, so that the gradient of the site's LoRAs is the last to join that of x.
    const rows = this.rowsOfSite(x, options.site);
    const weight = ops.graph.weight(`${module}.weight`, [out, x.shape[1] as number]);
    let y = ops.matmul(x, weight, { transposeB: true });
    if (options.bias) y = ops.add(y, ops.graph.weight(options.bias, [out]));
    if (options.residual) y = ops.add(y, options.residual);
    if (!this.isTargeted(module, target)) return y;
    const { projected, up } = this.projectInSlots(rows, module, out, options.site);
    return ops.add(this.fromSlots(loraProduct(ops, projected, up), LAYER_SLOTS), y);
  }

  /** What loraProduct() takes: scaled A drop(x) [T, R] and B [out, R], or stacked [A, out, R]; null for other linears. */
  project(
    x: Tensor,
    module: string,
    target: TargetModule,
    out: number,
    site: string,
  ): { projected: Tensor; up: Tensor } | null {
    if (!this.isTargeted(module, target)) return null;
    const { projected, up } = this.projectInSlots(this.rowsOfSite(x, site), module, out, site);
    return { projected: this.fromSlots(projected, slotsOf(site)), up };
  }

  private isTargeted(module: string, target: TargetModule): boolean {
    const { targets, excluded } = this.options;
    return targets.has(target) && !excluded?.has(module);
  }

  /** The projected rows of a site [T, R], or in their slots [A, Q, R]. */
  private projectInSlots(rows: Tensor, module: string, out: number, site: string): { projected: Tensor; up: Tensor } {
    const { ops, options } = this;
    const stack: readonly Dim[] = options.slots ? [ADAPTERS] : [];
    const name = `${module}${A_SUFFIX}`;
    const own = () => `${RANK}${this.parameters.size / 2}`;
    const ownRank = options.mixed && !options.slots;
    const rank: Dim = ownRank ? (this.parameters.get(name)?.shape[0] ?? own()) : RANK;
    const down = this.parameter(name, [...stack, rank, rows.shape.at(-1)!]);
    const up = this.parameter(`${module}${B_SUFFIX}`, [...stack, out, rank]);
    const projected = ops.mul(loraProduct(ops, rows, down), this.scaleOf(module, site));
    return { projected, up };
  }

  private scaleOf(module: string, site: string): Tensor {
    const { slots, mixed } = this.options;
    const scale = slots ? this.slots.get(slotsOf(site))!.scale : this.scale;
    if (!mixed) return scale!;
    const own = this.input(moduleScale(module), 'f32', slots ? [ADAPTERS, 1, 1] : [1, 1]);
    return scale ? this.ops.mul(scale, own) : this.scaled(own);
  }

  private scaleInput(name: string, shape: readonly Dim[]): Tensor {
    return this.scaled(this.input(name, 'f32', shape));
  }

  private scaled(scale: Tensor): Tensor {
    return this.ops.scale(scale, 1 / LORA_ALPHA ** 2);
  }

  private parameter(name: string, shape: readonly Dim[]): Tensor {
    const tensor = this.input(name, 'f32', shape, { trainable: this.options.trainable });
    this.parameters.set(name, tensor);
    return tensor;
  }

  /** A linear that is recorded again reads the same inputs. */
  private input(name: string, dtype: DType, shape: readonly Dim[], options: { trainable?: boolean } = {}): Tensor {
    const tensor = this.inputs.get(name) ?? this.ops.graph.input(name, dtype, shape, options);
    this.inputs.set(name, tensor);
    return tensor;
  }

  /**
   * What the LoRAs of a site read, one tensor for all of them: the gradients that they give are added up on it, in an
   * order that is the same with one adapter and with several.
   */
  private rowsOfSite(x: Tensor, site: string): Tensor {
    const known = this.sites.get(x);
    if (known) return known;
    const { ops, options } = this;
    const dropped = options.dropout ? ops.mul(x, this.input(`dropout.${site}`, 'f32', x.shape)) : null;
    const rows = options.slots ? this.toSlots(dropped ?? x, slotsOf(site)) : (dropped ?? ops.identity(x));
    this.sites.set(x, rows);
    return rows;
  }

  /** [T, in] -> [A, Q, in] */
  private toSlots(x: Tensor, names: SlotInputs): Tensor {
    const { gather, scatter } = this.slotInputs(names, x.shape[0]!);
    return this.ops.gatherRows(x, gather, { inverse: { index: scatter, complete: true } });
  }

  /** [A, Q, out] -> [T, out]; rows of a single adapter stay as they are. */
  private fromSlots(x: Tensor, names: SlotInputs): Tensor {
    if (!this.options.slots) return x;
    const [adapters, rows, size] = x.shape as [Dim, Dim, Dim];
    const { gather, scatter } = this.slots.get(names)!;
    const flat = this.ops.reshape(x, [product(adapters, rows), size]);
    return this.ops.gatherRows(flat, scatter, { inverse: { index: gather, complete: true } });
  }

  private slotInputs(names: SlotInputs, rows: Dim): Slots {
    const known = this.slots.get(names);
    if (known) return known;
    const most = `Q${rows}`;
    const slots = {
      gather: this.input(names.gather, 'i32', [ADAPTERS, most]),
      scatter: this.input(names.scatter, 'i32', [rows]),
      scale: this.scaleInput(names.scale, [ADAPTERS, most, 1]),
    };
    this.slots.set(names, slots);
    return slots;
  }
}

function slotsOf(site: string): SlotInputs {
  return site === HEAD_SITE ? HEAD_SLOTS : LAYER_SLOTS;
}
