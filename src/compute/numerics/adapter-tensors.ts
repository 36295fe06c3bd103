import {
  type AdapterState,
  type AdapterTensors,
  type NamedTensor,
  NO_GRADIENTS,
} from '../../domain/adapter/adapter-state.js';
import { type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { StateMismatchError } from './engine.errors.js';
import { loraShapes } from '../models/adapter-modules.js';

/** @throws StateMismatchError unless the tensors are exactly those that the adapter has */
export function requireFits(adapterId: string, config: ModelConfig, lora: LoraSpec, weights: AdapterTensors): void {
  const expected = loraShapes(config, lora);
  for (const [name, shape] of expected) {
    const given = weights.get(name);
    if (!given) throw new StateMismatchError(adapterId, `tensor ${name} is missing`);
    if (given.shape.join() !== shape.join()) {
      const shapes = `[${given.shape.join(', ')}] instead of [${shape.join(', ')}]`;
      throw new StateMismatchError(adapterId, `tensor ${name} has shape ${shapes}`);
    }
  }
  const extra = [...weights.keys()].find((name) => !expected.has(name));
  if (extra !== undefined) throw new StateMismatchError(adapterId, `it has no tensor ${extra}`);
}

/** @throws StateMismatchError unless weights, and moments and gradients where there are any, are those of the adapter */
export function requireStateFits(
  adapterId: string,
  config: ModelConfig,
  lora: LoraSpec,
  { weights, moments, gradients }: AdapterState,
): void {
  requireFits(adapterId, config, lora, weights);
  for (const tensors of [moments.m, moments.v]) if (tensors.size > 0) requireFits(adapterId, config, lora, tensors);
  if (gradients) requireFits(adapterId, config, lora, gradients);
}

/** State of an adapter that has not been trained yet. */
export function freshState(weights: AdapterTensors): AdapterState {
  return { weights, moments: { m: new Map(), v: new Map() }, step: 0, ...NO_GRADIENTS, passes: 0 };
}

/** A copy that shares no memory with the original. */
export function copyState(state: AdapterState): AdapterState {
  return {
    ...state,
    weights: copyTensors(state.weights),
    moments: { m: copyTensors(state.moments.m), v: copyTensors(state.moments.v) },
    gradients: state.gradients && copyTensors(state.gradients),
  };
}

function copyTensors(tensors: AdapterTensors): AdapterTensors {
  return new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}

/** What one more pass makes of a state: its gradients are added, in new arrays. */
export function accumulate(
  { weights, gradients, gradientPasses, passes }: AdapterState,
  more: AdapterTensors | null,
): Pick<AdapterState, 'gradients' | 'gradientPasses' | 'passes'> {
  const sum = addGradients(weights, gradients, more);
  return { gradients: sum, gradientPasses: gradientPasses + 1, passes: passes + 1 };
}

/**
 * The sum of gradients so far and those of one more pass, in new arrays. A pass that scored nothing adds zeros: the
 * adapter then has gradients, all zero, as in PyTorch.
 */
function addGradients(
  weights: AdapterTensors,
  sum: AdapterTensors | null,
  more: AdapterTensors | null,
): AdapterTensors {
  if (!sum) return more ?? mapTensors(weights, ({ shape, data }) => ({ shape, data: new Float32Array(data.length) }));
  if (!more) return sum;
  return mapTensors(sum, ({ shape, data }, name) => {
    const other = more.get(name)!.data;
    const total = new Float32Array(data.length);
    for (let i = 0; i < total.length; i++) total[i] = data[i]! + other[i]!;
    return { shape, data: total };
  });
}

function mapTensors(tensors: AdapterTensors, map: (tensor: NamedTensor, name: string) => NamedTensor): AdapterTensors {
  return new Map([...tensors].map(([name, tensor]) => [name, map(tensor, name)]));
}
