import { type Tensor } from './graph.js';
import { type Operations } from './operations.js';

/**
 * Records the backward pass: given gradients of some tensors, the gradients of `parameters` (reverse-mode
 * differentiation). Tensors are visited from the last recorded to the first, so every gradient is complete before it is
 * passed on. Contributions are added in a fixed order, which keeps runs bit-identical.
 *
 * @param seeds gradients to start from, by the tensor they belong to
 * @returns one gradient per parameter, of the parameter's shape
 */
export function gradients(
  ops: Operations,
  seeds: readonly { of: Tensor; gradient: Tensor }[],
  parameters: readonly Tensor[],
): Map<Tensor, Tensor> {
  const wanted = new Set(parameters);
  const found = new Map<Tensor, Tensor>();
  const pending = new Map<Tensor, Tensor>();
  const contribute = (of: Tensor, gradient: Tensor) => {
    const sum = pending.get(of);
    pending.set(of, sum ? ops.add(gradient, sum) : gradient);
  };
  for (const seed of seeds) contribute(seed.of, seed.gradient);
  while (pending.size > 0) {
    const tensor = [...pending.keys()].reduce((last, candidate) => (candidate.id > last.id ? candidate : last));
    const gradient = pending.get(tensor)!;
    pending.delete(tensor);
    if (wanted.has(tensor)) found.set(tensor, gradient);
    if (tensor.source.kind !== 'node') continue;
    if (!tensor.gradientRule) throw new Error(`Operation '${tensor.source.node.operation.op}' has no gradient rule.`);
    for (const { of, gradient: part } of tensor.gradientRule(gradient)) contribute(of, part);
  }
  for (const parameter of parameters) {
    if (!found.has(parameter)) throw new Error('A parameter does not influence the result.');
  }
  return found;
}
