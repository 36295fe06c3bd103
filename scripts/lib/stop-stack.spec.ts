import { describe, expect, it } from 'vitest';
import { StopStack } from './stop-stack.mjs';

describe('StopStack', () => {
  it('stops in the opposite order, each once, and goes on when one fails', async () => {
    const stopped: string[] = [];
    const lines: string[] = [];
    const stack = new StopStack();
    stack.push('Postgres', () => stopped.push('Postgres'));
    stack.push('Redis', () => {
      throw new Error('stuck');
    });
    stack.push('the service', () => stopped.push('the service'));

    await stack.stopAll((line) => lines.push(line));
    await stack.stopAll((line) => lines.push(line));
    expect(stopped).toEqual(['the service', 'Postgres']);
    expect(lines).toEqual(['stopping Redis: stuck']);
  });

  it('interrupts what was started last only', async () => {
    const stopped: string[] = [];
    const stack = new StopStack();
    stack.push('Postgres', async () => stopped.push('Postgres'));
    stack.push('the example', async () => stopped.push('the example'));
    await stack.interrupt();
    expect(stopped).toEqual(['the example']);
  });
});
