import { describe, expect, it } from 'vitest';
import { skipReason } from './tier-reporter.mjs';

describe('skipReason', () => {
  it('takes the note, else what the name says is needed', () => {
    expect(skipReason('gpu', 'no GPU here')).toBe('no GPU here');
    expect(skipReason('startRedis (needs redis-server on the PATH) keeps data')).toBe('needs redis-server on the PATH');
    expect(skipReason('tensorflow (not built: run the script) > adds')).toBe('not built: run the script');
  });

  it('finds none in a name that does not say', () => {
    expect(skipReason('keeps data')).toBeUndefined();
  });
});
