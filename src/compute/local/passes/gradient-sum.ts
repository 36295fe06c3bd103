import { type AdapterTensors, type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { NonFiniteLossError } from '../../numerics/engine.errors.js';

/** Adds up gradients of the parts of an item, in the order of the parts. */
export class GradientSum {
  private readonly sum = new Map<string, NamedTensor>();

  /** Takes over the arrays. */
  add(gradients: Iterable<readonly [string, NamedTensor]>): void {
    for (const [parameter, { data, shape }] of gradients) {
      const total = this.sum.get(parameter)?.data;
      if (!total) this.sum.set(parameter, { data, shape });
      else for (let i = 0; i < total.length; i++) total[i]! += data[i]!;
    }
  }

  /**
   * The sums; null when there were no parts.
   * @throws NonFiniteLossError when any number of them is NaN or infinite
   */
  finish(): AdapterTensors | null {
    for (const [name, { data }] of this.sum) {
      // NaN and infinity survive a sum, so one test per tensor is enough.
      let total = 0;
      for (let i = 0; i < data.length; i++) total += data[i]!;
      if (!Number.isFinite(total)) throw new NonFiniteLossError(`The gradient of ${name}`);
    }
    return this.sum.size > 0 ? this.sum : null;
  }
}
