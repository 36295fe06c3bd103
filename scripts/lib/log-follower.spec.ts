import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { followLog, interestingPart } from './log-follower.mjs';

const line = (level: string, context: string, message: string) =>
  `[Thinker] 42  - 11/23/2026, 7:00:00 PM ${level.padStart(7)} [${context}] ${message}`;

describe('interestingPart', () => {
  it('shows warnings, errors and what concerns the base model', () => {
    expect(interestingPart(line('WARN', 'Queue', 'slow'))).toBe('warning: slow');
    expect(interestingPart(line('ERROR', 'Queue', 'gone'))).toBe('error: gone');
    expect(interestingPart(line('LOG', 'BaseModels', 'loading 10 %'))).toBe('loading 10 %');
  });

  it('leaves out the rest', () => {
    expect(interestingPart(line('LOG', 'RouterExplorer', 'Mapped {/healthz, GET} route'))).toBeUndefined();
    expect(interestingPart('    at stack (file.js:1:1)')).toBeUndefined();
  });
});

describe('followLog', () => {
  it('leaves out the lines of earlier runs, and goes on in a file that was emptied', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'log '));
    try {
      const file = path.join(folder, 'service.log');
      const before = `${line('WARN', 'A', 'before')}\n`;
      writeFileSync(file, before);
      const shown: string[] = [];
      const follower = followLog(file, (text) => shown.push(text), before.length);
      appendFileSync(file, `${line('WARN', 'A', 'first')}\n`);
      follower.poll();
      truncateSync(file);
      appendFileSync(file, `${line('WARN', 'A', 'second')}\n`);
      follower.stop();
      expect(shown).toEqual(['warning: first', 'warning: second']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows each line once, also one that comes in two pieces', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'log '));
    try {
      const file = path.join(folder, 'service.log');
      writeFileSync(file, `${line('WARN', 'A', 'first')}\n${line('WARN', 'A', 'sec')}`);
      const shown: string[] = [];
      const follower = followLog(file, (text) => shown.push(text));
      follower.poll();
      appendFileSync(file, 'ond\n');
      follower.stop();
      expect(shown).toEqual(['warning: first', 'warning: second']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
