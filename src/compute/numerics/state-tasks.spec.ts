import { describe, expect, it } from 'vitest';
import { DEFAULT_ADAM } from '../../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { adamwStep } from './adamw.js';
import { freshState } from './adapter-tensors.js';
import { stateDigest } from './state-digest.js';
import { copyOf, digestOf, stepState } from './state-tasks.js';

const tensors = (...values: number[]): AdapterTensors =>
  new Map([['w', { shape: [values.length], data: Float32Array.from(values) }]]);
const state: AdapterState = {
  ...freshState(tensors(1, -2, 3)),
  gradients: tensors(0.5, 0.25, -1),
  gradientPasses: 1,
  passes: 4,
};

describe('stepState', () => {
  it('makes the step of adamwStep, with its digest, and uses the gradients up', async () => {
    const { value } = await stepState({ state, params: DEFAULT_ADAM });
    const { state: stepped, ...norms } = adamwStep(state, state.gradients!, DEFAULT_ADAM);
    const expected = { ...state, ...stepped, gradients: null, gradientPasses: 0 };
    expect(value).toMatchObject({ ...norms, digest: await stateDigest(expected) });
    expect(value.state.weights).toEqual(expected.weights);
    expect(value.state.passes).toBe(4);
  });

  it('leaves the state that it is given, and steps from one that it has made', async () => {
    const before = structuredClone(state);
    const { value } = await stepState({ state, params: DEFAULT_ADAM });
    expect(state).toEqual(before);
    const again = { ...value.state, gradients: state.gradients };
    expect((await stepState({ state: again, params: DEFAULT_ADAM })).value.state.step).toBe(2);
  });

  it('shares the moments with every thread, and hands the weights over', async () => {
    const { value, transfer } = await stepState({ state, params: DEFAULT_ADAM });
    const { weights, moments } = value.state;
    expect(moments.m.get('w')!.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(transfer).toEqual([weights.get('w')!.data.buffer]);
  });

  it('needs gradients', async () => {
    await expect(stepState({ state: { ...state, gradients: null }, params: DEFAULT_ADAM })).rejects.toMatchObject({
      code: 'no_gradients',
    });
  });
});

it('copyOf gives a state of its own, to be handed over', async () => {
  const { value: stepped } = await stepState({ state, params: DEFAULT_ADAM });
  const { value, transfer } = copyOf(stepped.state);
  expect(await digestOf(value)).toEqual({ value: stepped.digest });
  expect(transfer).toHaveLength(3);
  expect(value.moments.m.get('w')!.data.buffer).toBeInstanceOf(ArrayBuffer);
  value.weights.get('w')!.data.fill(0);
  expect(await digestOf(stepped.state)).toEqual({ value: stepped.digest });
});
