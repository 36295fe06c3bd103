import { describe, expect, it } from 'vitest';
import { StorageError } from '../common/errors/storage.errors.js';
import { type AdapterTensors, NO_GRADIENTS } from '../domain/adapter/adapter-state.js';
import { decodeOptimizerState, encodeOptimizerState, type OptimizerState } from './optimizer-state.js';

const [a, b] = ['model.layers.0.self_attn.q_proj.lora_A.weight', 'lm_head.lora_B.weight'];
/** Bit patterns that arithmetic would lose: -0, a subnormal, a NaN with a payload. */
const bits = Uint32Array.of(0x80000000, 1, 0x7fc00123, 0x3f800000);
const tensors = (offset = 0): AdapterTensors =>
  new Map([
    [a, { shape: [2, 2], data: new Float32Array(bits.buffer.slice(0)).map((x, i) => (i === 3 ? x + offset : x)) }],
    [b, { shape: [3, 1], data: Float32Array.of(offset, 2, 3) }],
  ]);
const bytesOf = (group: AdapterTensors | null) =>
  [...(group ?? [])].map(([name, { shape, data }]) => [name, shape, Buffer.from(data.slice().buffer).toString('hex')]);

describe('optimizer state', () => {
  const state: OptimizerState = {
    moments: { m: tensors(1), v: tensors(2) },
    step: 12,
    passes: 40,
    gradientPasses: 3,
    gradients: tensors(3),
  };

  it('comes back bit for bit', () => {
    const decoded = decodeOptimizerState(encodeOptimizerState(state), tensors());
    expect(bytesOf(decoded.moments.m)).toEqual(bytesOf(state.moments.m));
    expect(bytesOf(decoded.moments.v)).toEqual(bytesOf(state.moments.v));
    expect(bytesOf(decoded.gradients)).toEqual(bytesOf(state.gradients));
    expect([decoded.step, decoded.passes]).toEqual([12, 40]);
  });

  it('keeps a fresh adapter fresh: no moments, and no gradients are not zero gradients', () => {
    const fresh: OptimizerState = { moments: { m: new Map(), v: new Map() }, step: 0, passes: 0, ...NO_GRADIENTS };
    expect(decodeOptimizerState(encodeOptimizerState(fresh), tensors())).toEqual(fresh);
  });

  it('refuses moments of other parameters or shapes, and damaged files', () => {
    const bytes = encodeOptimizerState(state);
    const fewer = new Map([...tensors()].slice(0, 1));
    const reshaped = new Map(tensors()).set(b, { shape: [1, 3], data: new Float32Array(3) });
    expect(() => decodeOptimizerState(bytes, fewer)).toThrow(/other parameters/);
    expect(() => decodeOptimizerState(bytes, reshaped)).toThrow(/exp_avg\.lm_head\.lora_B\.weight does not match/);
    expect(() => decodeOptimizerState(bytes.subarray(0, -4), tensors())).toThrow(StorageError);
    const lopsided = { ...state, moments: { m: tensors(), v: new Map() } };
    expect(() => decodeOptimizerState(encodeOptimizerState(lopsided), tensors())).toThrow(/no second moments/);
    expect(() => decodeOptimizerState(encodeOptimizerState({ ...state, step: NaN }), tensors())).toThrow(
      /is not an integer/,
    );
  });
});
