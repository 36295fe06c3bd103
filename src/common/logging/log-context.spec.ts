import { expect, it } from 'vitest';
import { runAs } from '../caller.js';
import { addToLog, logContext, runLogged } from './log-context.js';

it('follows what is started within, and what is learnt later', async () => {
  const seen = await runLogged({ requestId: 'r' }, async () => {
    await Promise.resolve();
    addToLog({ operationId: 'o' });
    const inner = runLogged({ owner: 'k' }, logContext);
    return [inner, logContext()];
  });
  expect(seen).toEqual([
    { requestId: 'r', operationId: 'o', owner: 'k' },
    { requestId: 'r', operationId: 'o' },
  ]);
  expect(logContext()).toEqual({});
});

it('names the caller', () => {
  expect(runAs('key_1', logContext)).toEqual({ owner: 'key_1' });
});

it('has no owner where there are no keys', () => {
  addToLog({ owner: 'nobody listens' });
  expect(runAs('', logContext)).toEqual({});
});
