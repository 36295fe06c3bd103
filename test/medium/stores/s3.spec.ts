import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyStores } from '../../../src/storage/copy-stores.js';
import { LocalCheckpointStore } from '../../../src/storage/local/local-checkpoint-store.js';
import { LocalFileStore } from '../../../src/storage/local/local-file-store.js';
import { LocalWorkspace } from '../../../src/storage/local/local-workspace.js';
import { copyObject } from '../../../src/storage/s3/copy-object.js';
import { S3Bucket } from '../../../src/storage/s3/s3-bucket.js';
import { S3CheckpointStore } from '../../../src/storage/s3/s3-checkpoint-store.js';
import { DEFAULT_PATIENCE, s3Client } from '../../../src/storage/s3/s3-client.js';
import { S3FileStore } from '../../../src/storage/s3/s3-file-store.js';
import { S3_PROGRAMS, S3Server, useS3Credentials } from '../../support/servers/s3-server.js';
import { checkpointStoreCases } from './checkpoint-store.cases.js';
import { fileStoreCases } from './file-store.cases.js';

const MIB = 2 ** 20;

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

    const lacks = kind === 'rclone' ? ' (skipped: needs UploadPartCopy, which rclone does not have)' : '';
    it.skipIf(lacks !== '')(`copies what is too large for one request in parts${lacks}`, async () => {
      const bytes = randomBytes(11 * MIB);
      await bucket.put('large', Readable.from([bytes]), 'A large object');
      const { bucket: name, prefix, endpoint } = server.config();
      const client = s3Client(server.config(), endpoint, DEFAULT_PATIENCE);
      await copyObject(client, { bucket: name, from: `${prefix}large`, to: `${prefix}copy`, maxBytes: 5 * MIB });
      const copy = await bucket.read('copy', { start: 0, end: bytes.length }, 'The copy');
      expect(Buffer.compare(copy, bytes)).toBe(0);
    });

    it('takes over the folders of an installation, also in two goes', async () => {
      const data = await mkdtemp(path.join(tmpdir(), 'thinker-data-'));
      const local = new LocalCheckpointStore(path.join(data, 'checkpoints'));
      await local.start();
      const content = new Map([['w', new Uint8Array(randomBytes(1000))]]);
      for (const name of ['state/a/1-1', 'state/b/2-1', 'checkpoints/a/x']) await local.write(name, content);
      await new LocalFileStore(path.join(data, 'files')).write('file-1/content', Readable.from([Buffer.from('rows')]));
      const to = {
        checkpoints: new S3CheckpointStore(bucket),
        files: new S3FileStore(bucket, new LocalWorkspace(folder)),
      };
      await to.checkpoints.write('state/a/1-1', content);
      expect(await copyStores(data, to)).toEqual({ checkpoints: 2, files: 1, skipped: 1 });
      expect(await copyStores(data, to)).toEqual({ checkpoints: 0, files: 0, skipped: 4 });
      expect(await to.checkpoints.read('checkpoints/a/x', 'w')).toEqual(content.get('w'));
      expect(Buffer.from(await to.files.read('file-1/content', 0, 9)).toString()).toBe('rows');
      await rm(data, { recursive: true });
    });

    it('starts where everything may be done', async () => {
      await new S3CheckpointStore(bucket).start();
      const left: string[] = [];
      for await (const { key } of bucket.list('', 'x')) left.push(key);
      expect(left).toEqual([]);
    });
  });
}
