import { describe, expect, it } from 'vitest';
import { compareAnswers, compareDigests } from './compare.js';

const record = (label: string, answer: string) => ({ label, requestId: 'future_1', answer });
const client = (...records: ReturnType<typeof record>[]) => [{ name: 'ada', records }];

describe('the comparison of two runs', () => {
  it('finds nothing where all answers are the same, whatever their ids', () => {
    const records = [record('step 1: optim_step', '{"step":1}')];
    const others = records.map((same) => ({ ...same, requestId: 'future_2' }));
    expect(compareAnswers(client(...records), client(...others))).toEqual([]);
    expect(compareDigests(new Map([['ada', 'ab']]), new Map([['ada', 'ab']]))).toEqual([]);
  });

  it('names the client, the step and both answers', () => {
    const disturbed = client(record('step 1: forward', '{"loss":0.5}'));
    const undisturbed = client(record('step 1: forward', '{"loss":0.25}'));
    const [difference] = compareAnswers(disturbed, undisturbed);
    expect(difference).toMatch(/^ada, step 1: forward: .*0\.5.*\n.*undisturbed.*0\.25/);
  });

  it('finds answers that are missing on either side', () => {
    const one = client(record('step 1: forward', '{}'));
    expect(compareAnswers(client(), one)).toEqual(['ada: 0 answers, undisturbed 1']);
    expect(compareAnswers(one, client())).toEqual(['ada: 1 answers, undisturbed 0']);
  });

  it('counts what follows the first differences', () => {
    const records = [1, 2, 3, 4, 5].map((step) => record(`step ${step}: forward`, '{}'));
    const others = records.map((same) => ({ ...same, answer: '{"loss":1}' }));
    const differences = compareAnswers(client(...records), client(...others));
    expect(differences).toHaveLength(3);
    expect(differences.at(-1)).toBe('ada: 3 more differences');
  });

  it('finds state that differs or is missing', () => {
    const differences = compareDigests(new Map([['ada', 'ab']]), new Map(Object.entries({ ada: 'cd', bob: 'ef' })));
    expect(differences).toEqual(['ada: ab, undisturbed cd', 'bob: missing, undisturbed ef']);
  });
});
