import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LocalWorkspace } from '../../../src/storage/local/local-workspace.js';
import { S3Bucket } from '../../../src/storage/s3/s3-bucket.js';
import { S3CheckpointStore } from '../../../src/storage/s3/s3-checkpoint-store.js';
import { S3FileStore } from '../../../src/storage/s3/s3-file-store.js';
import { S3_PROGRAMS, S3Server, useS3Credentials } from '../../support/s3-server.js';
import { checkpointStoreCases } from './checkpoint-store.cases.js';
import { fileStoreCases } from './file-store.cases.js';

useS3Credentials();

for (const kind of ['rclone', 'moto'] as const) {
  const { path: program, hint } = S3_PROGRAMS[kind];
  const needs = program === undefined ? ` (skipped: ${hint})` : '';

  describe.skipIf(program === undefined)(`a bucket of ${kind}${needs}`, () => {
    let server: S3Server;
    let bucket: S3Bucket;
    let folder: string;
    // Moto says of all uploads that they began in 2010.
    const open = () => new S3Bucket(server.config(), kind === 'moto' ? { abandonedMs: Infinity } : {});
    beforeAll(async () => {
      server = await S3Server.create(kind);
    });
    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'thinker-work-'));
      bucket = open();
    });
    afterEach(async () => {
      expect(await readdir(folder)).toEqual([]);
      await rm(folder, { recursive: true });
      await bucket.deleteBelow('', 'All of the test');
    });
    afterAll(() => server.remove());

    describe('with checkpoints', () => {
      checkpointStoreCases(() => [new S3CheckpointStore(bucket), new S3CheckpointStore(open())]);
    });

    describe('with files', () => {
      fileStoreCases(() => new S3FileStore(bucket, new LocalWorkspace(folder)));
    });

    it('starts where everything may be done', async () => {
      await new S3CheckpointStore(bucket).start();
      const left: string[] = [];
      for await (const { key } of bucket.list('', 'x')) left.push(key);
      expect(left).toEqual([]);
    });
  });
}
