import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AppConfig, type Environment } from './app-config.js';
import { envExample } from './env-example.js';

const DATABASE_URL = 'postgres://user:secret@127.0.0.1:5432/thinker';
const parse = (env: Environment) => AppConfig.fromEnv({ DATABASE_URL, ...env });

describe('the configuration', () => {
  it('has defaults for everything but the database', () => {
    const config = parse({});
    expect(config).toMatchObject({ port: 8000, host: '127.0.0.1', role: 'all', redisUrl: '', bodyLimitMb: 64 });
    expect(config.baseModels).toEqual(['HuggingFaceTB/SmolLM2-135M-Instruct']);
    expect(config.servesApi && config.runsWorker).toBe(true);
    expect(() => AppConfig.fromEnv({})).toThrow(/DATABASE_URL is not set/);
  });

  it('is frozen, lists too', () => {
    const config = parse({});
    expect(Object.isFrozen(config) && Object.isFrozen(config.baseModels) && Object.isFrozen(config.hub)).toBe(true);
  });

  it('reads names of hosts and origins, and warns of pages that nothing keeps out', () => {
    const given = parse({ ALLOWED_HOSTS: 'gpu-box, fd00::5', CORS_ORIGINS: 'http://a:3000,chrome-extension://abc' });
    expect(given).toMatchObject({
      allowedHosts: ['gpu-box', 'fd00::5'],
      corsOrigins: ['http://a:3000', 'chrome-extension://abc'],
      warnings: [],
    });
    expect(parse({ CORS_ORIGINS: '*' }).warnings).toEqual([expect.stringContaining('every web page')]);
    expect(parse({ CORS_ORIGINS: '*', API_KEYS: 'k' }).warnings).toEqual([]);
  });

  it('takes an empty variable as not set', () => {
    expect(parse({ PORT: '', BASE_MODELS: '' }).port).toBe(8000);
  });

  it.each([
    [{ PORT: 'http' }, /PORT='http': must be an integer from 0 to 65535/],
    [{ ROLE: 'both' }, /ROLE='both': must be one of all, api, worker/],
    [{ ENGINE: 'torch' }, /ENGINE='torch': must be one of auto, onnxruntime, tensorflow/],
    [{ BODY_LIMIT_MB: '0' }, /BODY_LIMIT_MB='0': must be an integer from 1 to 1024/],
    [{ BASE_MODELS: 'a,,b' }, /BASE_MODELS='a,,b': must be a comma-separated list of names/],
    [{ REDIS_URL: 'localhost:6379' }, /REDIS_URL=\(hidden\): must be a URL starting with redis:\/\//],
    [{ DATABASE_URL: 'mysql://a:topsecret@b/c' }, /DATABASE_URL=\(hidden\): must be a Postgres URL/],
    [{ HF_ENDPOINT: 'hub' }, /HF_ENDPOINT='hub': must be a URL starting with http:\/\/ or https:\/\//],
    [{ CORS_ORIGINS: 'https://a.example/' }, /'https:\/\/a.example\/' is not an origin/],
    [{ CORS_ORIGINS: 'a.example' }, /must be \* or a comma-separated list of origins/],
    [{ ALLOWED_HOSTS: 'http://a' }, /must be a comma-separated list of host names or addresses/],
    [{ ALLOWED_HOSTS: 'a:8000' }, /without a port/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL='loud': must be one of/],
    [{ FAULT_AT: 'nowhere' }, /FAULT_AT='nowhere': must be <point>/],
  ])('refuses %j and says what is allowed', (env, message) => {
    expect(() => parse(env)).toThrow(message);
  });

  it('names every variable at fault at once and shows no secret', () => {
    const refused = () => AppConfig.fromEnv({ DATABASE_URL: 'mysql://a:topsecret@b/c', PORT: '-1' });
    expect(refused).toThrow(/DATABASE_URL[^]*PORT|PORT[^]*DATABASE_URL/);
    expect(refused).not.toThrow(/topsecret/);
  });

  it('refuses split roles without Redis', () => {
    for (const ROLE of ['api', 'worker'])
      expect(() => parse({ ROLE })).toThrow(new RegExp(`ROLE=${ROLE} requires REDIS_URL`));
    expect(parse({ ROLE: 'api', REDIS_URL: 'redis://127.0.0.1' }).runsWorker).toBe(false);
  });

  it('warns about settings that have no effect', () => {
    const REDIS_URL = 'redis://127.0.0.1';
    expect(parse({ ENGINE: 'tensorflow' }).warnings).toEqual([]);
    expect(parse({ ROLE: 'api', REDIS_URL, ENGINE: 'tensorflow' }).warnings).toEqual([
      'ENGINE has no effect with ROLE=api: only a worker computes.',
    ]);
  });

  it('reads planned faults and warns of them', () => {
    const config = parse({ FAULT_AT: 'result-written@2, operation-claimed:stop' });
    expect(config.faults).toEqual([
      { point: 'result-written', signal: 'SIGKILL', nth: 2 },
      { point: 'operation-claimed', signal: 'SIGSTOP', nth: 1 },
    ]);
    expect(config.warnings).toEqual([expect.stringContaining('makes this process exit')]);
    expect(parse({}).faults).toEqual([]);
  });

  it('is what .env.example shows', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(envExample());
    expect(envExample()).toContain('#PORT=8000');
  });
});
