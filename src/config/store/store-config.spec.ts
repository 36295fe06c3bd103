import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppConfig, type Environment } from '../app-config.js';
import { childEnvironment } from '../environment/child-environment.js';

const parse = (env: Environment) =>
  AppConfig.fromEnv({ DATABASE_URL: 'postgres://user:secret@127.0.0.1:5432/thinker', ...env });

describe('the store', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is a folder unless a bucket is named', () => {
    expect(parse({}).store).toEqual({ kind: 'local' });
    expect(parse({ S3_ENDPOINT: 'http://minio:9000' })).toMatchObject({
      store: { kind: 'local' },
      warnings: ['S3_ENDPOINT has no effect without CHECKPOINT_STORE=s3://...'],
    });
  });

  it('is at AWS unless an endpoint is named', () => {
    const bucket = { kind: 's3', bucket: 'my-bucket', prefix: 'a/b/' };
    expect(parse({ CHECKPOINT_STORE: 's3://my-bucket/a/b/' }).store).toEqual({
      ...bucket,
      endpoint: '',
      region: '',
      pathStyle: false,
      linkEndpoint: '',
    });
    const other = { CHECKPOINT_STORE: 's3://my-bucket/a/b', S3_ENDPOINT: 'http://minio:9000' };
    const endpoint = { endpoint: 'http://minio:9000', region: 'us-east-1', pathStyle: true };
    expect(parse(other).store).toEqual({ ...bucket, ...endpoint, linkEndpoint: endpoint.endpoint });
    const elsewhere = { S3_LINK_ENDPOINT: 'https://files.example.com', S3_PATH_STYLE: 'false', AWS_REGION: 'garage' };
    expect(parse({ ...other, ...elsewhere }).store).toMatchObject({
      linkEndpoint: 'https://files.example.com',
      pathStyle: false,
      region: 'garage',
    });
    expect(parse({ ...other, S3_SIGNED_LINKS: 'false' }).store).toMatchObject({ linkEndpoint: null });
  });

  it('holds no credentials, and programs that are started get none', () => {
    const secret = { AWS_SECRET_ACCESS_KEY: 'very-secret', AWS_ACCESS_KEY_ID: 'AKID' };
    expect(JSON.stringify(parse({ CHECKPOINT_STORE: 's3://my-bucket', ...secret }))).not.toMatch(/very-secret|AKID/);
    for (const [name, value] of Object.entries(secret)) vi.stubEnv(name, value);
    expect(JSON.stringify(childEnvironment({}))).not.toMatch(/very-secret|AKID/);
  });

  it.each(['my-bucket', 's3://', 's3://Upper', 's3://my-bucket/../x', 's3://my-bucket/a//b', 's3://my-bucket/.a'])(
    'refuses %s',
    (CHECKPOINT_STORE) => {
      expect(() => parse({ CHECKPOINT_STORE })).toThrow(/CHECKPOINT_STORE=.*must be s3:\/\/<bucket>/);
    },
  );
});
