import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NonFiniteGradientError, NonFiniteUpdateError } from '../../numeric.errors.js';
import {
  NoGradientsError,
  NonFiniteLossError,
  SequenceTooLargeError,
  StateMismatchError,
  UnknownAdapterError,
  UnknownBaseModelError,
} from '../../numerics/engine.errors.js';
import { WeightsUnknownError } from '../../weights-unknown.error.js';
import { toAppError } from './rank-errors.js';
import { UnsupportedByRanksError } from '../torch.errors.js';

const PROGRAM = join(import.meta.dirname, '../../../../workers/torch/thinker_worker');

/** What the ranks say of each fault, and the error of the local engine for it. */
const FAULTS: readonly [code: string, details: Record<string, unknown>, expected: Error][] = [
  ['non_finite_loss', { what: 'The loss' }, new NonFiniteLossError('The loss')],
  ['no_gradients', {}, new NoGradientsError()],
  ['non_finite_gradient', { tensor: 'q' }, new NonFiniteGradientError('q')],
  ['non_finite_update', { tensor: 'q', fault: 'state' }, new NonFiniteUpdateError('q', 'state')],
  ['unknown_adapter', { id: 'north' }, new UnknownAdapterError('north')],
  ['unknown_base_model', { name: 'big', known: ['tiny'] }, new UnknownBaseModelError('big', ['tiny'])],
  ['adapter_mismatch', { id: 'north', problem: 'no q' }, new StateMismatchError('north', 'no q')],
  ['weights_unknown', { id: 'w' }, new WeightsUnknownError('w')],
  [
    'sequence_exceeds_memory',
    { datum: 2, tokens: 9, bytes: 4e6, budget: 1e6 },
    new SequenceTooLargeError(2, 9, 4e6, 1e6, 'use larger devices'),
  ],
  ['unsupported_model', {}, new UnsupportedByRanksError('from the rank')],
];

describe('an error of the ranks', () => {
  it.each(FAULTS)('%s is the one that the local engine gives', (code, details, expected) => {
    const found = toAppError({ code, message: 'from the rank', details });
    expect(found).toBeInstanceOf(expected.constructor);
    expect({ ...found, message: found.message }).toEqual({ ...expected, message: expected.message });
  });

  it('is known here for every code that their program can give', () => {
    const codes = sources(PROGRAM).flatMap((text) =>
      [...text.matchAll(/WorkerError\(\s*"(\w+)"/g)].map(([, code]) => code!),
    );
    expect(new Set(codes)).toEqual(new Set(FAULTS.map(([code]) => code)));
  });

  it('with an unknown code is a fault of the server, and says that versions differ', () => {
    const found = toAppError({ code: 'new_fault', message: 'something', details: {} });
    expect(found).toMatchObject({ code: 'unforeseen_rank_error', category: 'server', status: 500 });
    expect(found.message).toContain("'new_fault': something");
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}
