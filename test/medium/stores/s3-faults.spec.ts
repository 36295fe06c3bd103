import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StorageOutageError } from '../../../src/common/errors/storage.errors.js';
import { type S3Config } from '../../../src/config/store/store-config.js';
import { S3Bucket } from '../../../src/storage/s3/s3-bucket.js';
import { S3CheckpointStore } from '../../../src/storage/s3/s3-checkpoint-store.js';
import { type Fault, type ProxiedRequest, S3Proxy } from '../../support/servers/s3-proxy.js';
import { S3_PROGRAMS, S3Server, useS3Credentials } from '../../support/servers/s3-server.js';

const MIB = 2 ** 20;
const { path: program, hint } = S3_PROGRAMS.rclone;
const needs = program === undefined ? ` (skipped: ${hint})` : '';

useS3Credentials();

describe.skipIf(program === undefined)(`a bucket in trouble${needs}`, () => {
  let server: S3Server;
  let proxy: S3Proxy;
  /** Without a proxy: what is really there. */
  let direct: S3CheckpointStore;
  beforeAll(async () => {
    server = await S3Server.create();
    direct = new S3CheckpointStore(new S3Bucket(server.config()));
  });
  beforeEach(async () => {
    proxy = await S3Proxy.start(server.url);
  });
  afterEach(async () => {
    await proxy.stop();
    await new S3Bucket(server.config()).deleteBelow('', 'All of the test');
  });
  afterAll(() => server.remove());

  const open = (attempts: number, config: Partial<S3Config> = {}) => {
    const patience = { attempts, silenceMs: 300 };
    return new S3CheckpointStore(new S3Bucket({ ...server.config(proxy.url), ...config }, { patience }));
  };
  const content = (bytes: number) => new Map([['w.safetensors', new Uint8Array(randomBytes(bytes))]]);
  /** The first `times` requests that match meet the fault. */
  const fail = (fault: Fault, times: number, matches: (request: ProxiedRequest) => boolean = () => true) => {
    let left = times;
    proxy.fault = (request) => (matches(request) && left-- > 0 ? fault : 'none');
  };
  const expectSame = async (store: S3CheckpointStore, path: string, expected: ReadonlyMap<string, Uint8Array>) => {
    for (const [name, bytes] of expected) expect(Buffer.compare(await store.read(path, name), bytes)).toBe(0);
  };

  it.each<[Fault, string]>([
    ['slow-down', 'PUT'],
    ['cut-upload', 'PUT'],
    ['cut-answer', 'PUT'],
    ['cut-answer', 'POST'],
  ])('repeats parts and small requests that end with %s at %s', async (fault, method) => {
    const files = content(9 * MIB);
    fail(fault, 2, (request) => request.method === method);
    await open(4).write('a', files);
    await expectSame(direct, 'a', files);
    expect(proxy.requests.filter((request) => request.method === method).length).toBeGreaterThan(2);
  });

  it.each<Fault>(['cut-answer', 'stall'])('goes on with a download after %s', async (fault) => {
    const files = content(6 * MIB);
    await direct.write('a', files);
    fail(fault, 2, ({ method }) => method === 'GET');
    await expectSame(open(4), 'a', files);
  });

  it('shows nothing of a write that fails for good', async () => {
    const old = content(1000);
    await direct.write('a', old);
    const store = open(2);
    // The last part never comes, so the parts before it are there and the object is not.
    fail('cut-upload', Infinity, ({ path }) => path.includes('partNumber=2'));
    for (const path of ['a', 'b']) {
      const error: unknown = await store.write(path, content(9 * MIB)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StorageOutageError);
      expect(error).toMatchObject({ code: 'storage_unavailable', status: 503, details: { retry_after_s: 15 } });
    }
    await expectSame(direct, 'a', old);
    expect(await direct.exists('b')).toBe(false);
    expect((await direct.folders('b')).length).toBe(0);
    proxy.fault = () => 'none';
    const files = content(9 * MIB);
    await store.write('b', files);
    await expectSame(direct, 'b', files);
  });

  it('shows nothing of a write whose end is lost, until a repeat', async () => {
    const store = open(2);
    fail('cut-upload', Infinity, ({ method, path }) => method === 'POST' && path.includes('uploadId'));
    await expect(store.write('a', content(9 * MIB))).rejects.toBeInstanceOf(StorageOutageError);
    expect(await direct.exists('a')).toBe(false);
  });

  it('sweeps what crashed uploads have sent, and not those of others', async () => {
    let abortsPass = false;
    proxy.fault = ({ method, path }) => {
      const isAbort = method === 'DELETE' && path.includes('uploadId');
      return path.includes('partNumber=2') || (isAbort && !abortsPass) ? 'slow-down' : 'none';
    };
    await expect(open(1).write('a', content(9 * MIB))).rejects.toBeInstanceOf(StorageOutageError);
    abortsPass = true;
    const aborted = () => proxy.requests.filter(({ method, path }) => method === 'DELETE' && path.includes('uploadId'));
    proxy.requests.length = 0;
    await open(1).deleteAbandoned();
    expect(aborted()).toHaveLength(0);
    const old = new S3Bucket(server.config(proxy.url), { abandonedMs: -1 });
    await new S3CheckpointStore(old).deleteAbandoned();
    // Creations whose answer was lost have left some, too.
    expect(aborted().length).toBeGreaterThan(0);
    proxy.requests.length = 0;
    await new S3CheckpointStore(old).deleteAbandoned();
    expect(aborted()).toHaveLength(0);
  });

  it('says so while nothing answers, and works again afterwards', async () => {
    const store = open(2);
    const files = content(1000);
    await store.write('a', files);
    await server.kill();
    const outage = { code: 'storage_unavailable', status: 503 };
    await expect(store.write('b', files)).rejects.toMatchObject(outage);
    await expect(store.read('a', 'w.safetensors')).rejects.toMatchObject(outage);
    await expect(store.list('a')).rejects.toMatchObject(outage);
    await expect(store.delete('a')).rejects.toMatchObject(outage);
    await server.start();
    await store.write('b', files);
    await expectSame(store, 'a', files);
  });

  it('says when there is no room', async () => {
    proxy.fault = ({ method }) => (method === 'PUT' ? 'full' : 'none');
    const full = { code: 'storage_full', status: 507 };
    await expect(open(1).write('a', content(1000))).rejects.toMatchObject(full);
    await expect(open(1).checkWritable()).rejects.toBeInstanceOf(StorageOutageError);
  });

  it('holds a few parts in memory, not what it writes', async () => {
    const total = 64 * MIB;
    let produced = 0;
    let peak = 0;
    async function* pieces() {
      for (; produced < total; produced += MIB) {
        peak = Math.max(peak, produced + MIB - proxy.received);
        yield await Promise.resolve(new Uint8Array(MIB));
      }
    }
    proxy.delayMs = 20;
    const bucket = new S3Bucket(server.config(proxy.url));
    expect(await bucket.put('large', pieces(), 'A large object')).toBe(total);
    // Three parts of 8 MiB that travel, and one in the making.
    expect(peak).toBeLessThanOrEqual(33 * MIB);
  });

  describe('at the start', () => {
    it.each<[string, Partial<S3Config>, RegExp]>([
      [
        'nothing answers',
        { endpoint: 'http://127.0.0.1:9' },
        /ECONNREFUSED.* Check S3_ENDPOINT, AWS_REGION and the network/,
      ],
      [
        'there is no such bucket',
        { bucket: 'another' },
        /NoSuchBucket.* Create the bucket, or correct CHECKPOINT_STORE/,
      ],
    ])('says what to do where %s', async (_case, config, message) => {
      const start = open(1, config).start();
      await expect(start).rejects.toThrow(/^CHECKPOINT_STORE=s3:\/\/\S+ cannot be used\. /);
      await expect(start).rejects.toThrow(message);
    });

    it('says what to do where the credentials are wrong, without naming them', async () => {
      const secret = process.env['AWS_SECRET_ACCESS_KEY'];
      process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret';
      try {
        const error: unknown = await open(1)
          .start()
          .catch((thrown: unknown) => thrown);
        expect(String(error)).toMatch(/SignatureDoesNotMatch.* Check the credentials, the clock/);
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).stack)).not.toContain(
          'another-secret',
        );
      } finally {
        process.env['AWS_SECRET_ACCESS_KEY'] = secret;
      }
    });
  });
});
