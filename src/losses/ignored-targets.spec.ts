import { describe, expect, it } from 'vitest';
import { type LossDefinition } from '../domain/loss-definition.js';
import { leaveOutIgnored } from './ignored-targets.js';
import { type LossFunction } from './loss-function.js';
import { LossRegistry } from './loss-registry.js';

const offsets = Int32Array.of(0, 2, 4);
const ints = (...data: number[]) => ({ data: Int32Array.from(data), offsets, trailingShape: [] });
const floats = (...data: number[]) => ({ data: Float32Array.from(data), offsets, trailingShape: [] });
const TARGETS = ints(5, -100, 6, 7);
const POLICY = { logprobs: floats(-1, -1, -1, -1), advantages: floats(1, 1, 0, -1) };

const registry = new LossRegistry();
const builtIn = (name: string) => registry.functionOf({ name });
const written = (definition: Omit<LossDefinition, 'name'>): LossFunction =>
  registry.functionOf({ name: 'mine', definition: { name: 'mine', ...definition } });

function leftOut(loss: LossFunction, lossInputs: Record<string, ReturnType<typeof ints> | ReturnType<typeof floats>>) {
  const batch = leaveOutIgnored(loss, { tokens: ints(1, 2, 3, 4), lossInputs });
  return { targets: [...batch.lossInputs['target_tokens']!.data], weights: [...batch.lossInputs['weights']!.data] };
}

describe('leaveOutIgnored', () => {
  it('leaves a batch without such targets as it is', () => {
    const batch = { tokens: ints(1, 2, 3, 4), lossInputs: { target_tokens: ints(5, 6, 7, 8) } };
    expect(leaveOutIgnored(builtIn('cross_entropy'), batch)).toBe(batch);
  });

  it('gives them weight 0, whatever weight they had', () => {
    const loss = builtIn('cross_entropy');
    const targets = [5, 0, 6, 7];
    expect(leftOut(loss, { target_tokens: TARGETS })).toEqual({ targets, weights: [1, 0, 1, 1] });
    const weights = floats(2, 3, 4, 0);
    expect(leftOut(loss, { target_tokens: TARGETS, weights })).toEqual({ targets, weights: [2, 0, 4, 0] });
    expect([...weights.data]).toEqual([2, 3, 4, 0]);
  });

  it('counts the other positions of a policy loss as before: those of advantage 0 not', () => {
    const { weights } = leftOut(builtIn('ppo'), { ...POLICY, target_tokens: TARGETS });
    expect(weights).toEqual([1, 0, 0, 1]);
  });

  it.each(['cross_entropy', 'importance_sampling', 'ppo', 'cispo', 'dro'])('changes nothing else of %s', (name) => {
    const loss = builtIn(name);
    const config = registry.resolveConfig(loss, {});
    const logprobs = floats(-1, -2, -3, -4);
    const batch = leaveOutIgnored(loss, {
      tokens: ints(1, 2, 3, 4),
      lossInputs: { ...POLICY, target_tokens: TARGETS },
    });
    const expected = { ...POLICY, target_tokens: ints(5, 0, 6, 7), advantages: floats(1, 0, 0, -1) };
    // Of these losses, dro alone counts positions of advantage 0.
    const weights = ['cross_entropy', 'dro'].includes(name) ? floats(1, 0, 1, 1) : floats(1, 0, 0, 1);
    const [result, wanted] = [batch.lossInputs, { ...expected, weights }].map((inputs) => {
      const { dLogprobs, ...rest } = loss.compute(logprobs, inputs, config);
      return { ...rest, dLogprobs: dLogprobs.map((slope) => slope + 0) }; // -0 is 0
    });
    expect(result).toEqual(wanted);
  });

  it('leaves out single targets of several per position', () => {
    const shape = { offsets: Int32Array.of(0, 2), trailingShape: [2] };
    const target_tokens = { data: Int32Array.of(5, -100, -100, -100), ...shape };
    const tokens = { data: Int32Array.of(1, 2), offsets: shape.offsets, trailingShape: [] };
    const { lossInputs } = leaveOutIgnored(builtIn('cross_entropy'), { tokens, lossInputs: { target_tokens } });
    expect([...lossInputs['weights']!.data]).toEqual([1, 0, 0, 0]);
  });

  it.each<[string, Omit<LossDefinition, 'name'>]>([
    ['reads no weights', { loss: '-sum(target_logprobs)' }],
    ['counts positions of weight 0', { loss: '-sum(target_logprobs * weights)', mask: 'weights >= 0' }],
  ])('refuses a loss that %s, naming the position', (_, definition) => {
    expect(() => leftOut(written(definition), { target_tokens: TARGETS, weights: floats(1, 1, 1, 1) })).toThrow(
      /data\[0\]\.loss_fn_inputs\.target_tokens is -100 at position 1, but loss mine/,
    );
  });
});
