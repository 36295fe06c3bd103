import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingShares, sharedWork } from './shared-work.js';

const ready = (batching: string) => `Engine onnxruntime on cpu is ready, batching ${batching}\n`;
const end = (counts: number[]) =>
  `The engine made ${counts[0]} passes for ${counts[1]} requests and ${counts[2]} steps for ${counts[3]} requests\n`;

describe('the work that clients shared', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'thinker-shared-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is added up over all lives of all workers', () => {
    writeFileSync(path.join(folder, 'worker-1.log'), ready('exact') + end([2, 5, 1, 1]) + ready('exact'));
    writeFileSync(path.join(folder, 'worker-2.log'), ready('exact') + end([1, 1, 3, 9]));
    writeFileSync(path.join(folder, 'api.log'), end([100, 100, 100, 100]));
    const work = sharedWork(folder);
    expect(work).toEqual({ batching: ['exact'], passes: 3, passRequests: 6, steps: 4, stepRequests: 10 });
    expect(missingShares(work)).toEqual([]);
  });

  it('is missed where the engine batches and nobody had company', () => {
    writeFileSync(path.join(folder, 'worker-1.log'), ready('exact') + end([2, 2, 7, 7]));
    expect(missingShares(sharedWork(folder))).toHaveLength(2);
    writeFileSync(path.join(folder, 'worker-1.log'), ready('off') + end([2, 2, 7, 7]));
    expect(missingShares(sharedWork(folder))).toEqual([]);
  });
});
