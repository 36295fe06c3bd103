import { type AdapterState, type AdapterTensors } from '../../../domain/adapter/adapter-state.js';
import { type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { WireArray } from './frame-codec.js';

/** Tensors of an adapter as the link carries them. */
export type WireTensors = readonly (readonly [name: string, tensor: WireArray<Float32Array>])[];

export interface WireState {
  readonly weights: WireTensors;
  readonly m: WireTensors;
  readonly v: WireTensors;
  readonly step: number;
  readonly gradients: WireTensors | null;
  readonly gradientPasses: number;
  readonly passes: number;
}

/** Numbers of many datums. */
export interface WireRows {
  readonly data: Int32Array;
  readonly offsets: Int32Array;
  readonly trailingShape: readonly number[];
}

export function toWireTensors(tensors: AdapterTensors): WireTensors {
  return [...tensors].map(([name, { data, shape }]) => [name, new WireArray(data, shape)]);
}

/** Each tensor gets memory of its own, which the receiver can hand on by itself. */
function fromWireTensors(tensors: WireTensors): AdapterTensors {
  return new Map(tensors.map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}

export function toWireState({ weights, moments, gradients, ...counts }: AdapterState): WireState {
  const { step, gradientPasses, passes } = counts;
  return {
    weights: toWireTensors(weights),
    m: toWireTensors(moments.m),
    v: toWireTensors(moments.v),
    step,
    gradients: gradients && toWireTensors(gradients),
    gradientPasses,
    passes,
  };
}

export function fromWireState({ weights, m, v, gradients, step, gradientPasses, passes }: WireState): AdapterState {
  return {
    weights: fromWireTensors(weights),
    moments: { m: fromWireTensors(m), v: fromWireTensors(v) },
    step,
    gradients: gradients && fromWireTensors(gradients),
    gradientPasses,
    passes,
  };
}

/** Token ids, which are integers whatever they came as. */
export function toWireRows({ data, offsets, trailingShape }: RaggedTensor): WireRows {
  return { data: data instanceof Int32Array ? data : Int32Array.from(data), offsets, trailingShape };
}
