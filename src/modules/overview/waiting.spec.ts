import { expect, it } from 'vitest';
import { whyItWaits } from './waiting.js';

it('says what an operation waits for', () => {
  expect(whyItWaits({ ahead: 3, aheadKind: 'optim_step' }, 'the queue is paused')).toBe('the queue is paused');
  expect(whyItWaits({ ahead: 0, aheadKind: null }, null)).toContain('workers are busy');
  expect(whyItWaits({ ahead: 1, aheadKind: 'optim_step' }, null)).toContain('after the optim_step');
  expect(whyItWaits({ ahead: 3, aheadKind: 'optim_step' }, null)).toContain('after 3 operations');
});
