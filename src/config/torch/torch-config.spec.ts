import { describe, expect, it } from 'vitest';
import { AppConfig, type Environment } from '../app-config.js';

const parse = (env: Environment) => AppConfig.fromEnv({ DATABASE_URL: 'postgres://a:b@127.0.0.1/c', ...env });
const TORCH_TOKEN = '0123456789abcdef';
const LISTEN = { BACKEND: 'torch', TORCH_LISTEN: '10.0.0.5:8100', TORCH_RANKS: '4', TORCH_TOKEN };

describe('the configuration of the backend', () => {
  it('computes in this process by default', () => {
    expect(parse({}).backend).toBe('local');
    expect(parse({}).warnings).toEqual([]);
  });

  it('takes USE_MEGATRON=true as BACKEND=megatron', () => {
    expect(parse({ USE_MEGATRON: 'true' }).backend).toBe('megatron');
    expect(parse({ USE_MEGATRON: 'true', BACKEND: 'megatron' }).backend).toBe('megatron');
    expect(parse({ USE_MEGATRON: 'false', BACKEND: 'torch' }).backend).toBe('torch');
  });

  it('reads where ranks are waited for', () => {
    const tls = { TORCH_TLS_CERT: '/a/cert.pem', TORCH_TLS_KEY: '/a/key.pem' };
    const config = parse({ ...LISTEN, TORCH_LISTEN: '[fd00::1]:8100', ...tls });
    expect(config.torch).toMatchObject({
      ranks: 4,
      listen: {
        host: 'fd00::1',
        port: 8100,
        token: TORCH_TOKEN,
        tls: { certFile: '/a/cert.pem', keyFile: '/a/key.pem' },
      },
    });
    expect(config.warnings).toEqual([]);
  });

  it.each<[Environment, RegExp]>([
    [{ USE_MEGATRON: 'true', BACKEND: 'torch' }, /USE_MEGATRON=true contradicts BACKEND=torch\. Remove one/],
    [{ BACKEND: 'torch', DEVICE: 'webgpu' }, /DEVICE=webgpu needs BACKEND=local/],
    [{ BACKEND: 'torch', MEGATRON_TENSOR: '2' }, /MEGATRON_TENSOR=2 needs BACKEND=megatron/],
    [{ BACKEND: 'megatron', TORCH_SHARD: 'true' }, /TORCH_SHARD=true needs BACKEND=torch/],
    [{ BACKEND: 'megatron', TORCH_QUANTIZATION: 'nf4' }, /TORCH_QUANTIZATION=nf4 needs BACKEND=torch/],
    [
      { BACKEND: 'megatron', TORCH_RANKS: '6', MEGATRON_TENSOR: '2', MEGATRON_PIPELINE: '2' },
      /TORCH_RANKS=6 must be a multiple of .* 4/,
    ],
    [{ ...LISTEN, TORCH_RANKS: '' }, /TORCH_LISTEN requires TORCH_RANKS/],
    [{ ...LISTEN, TORCH_TOKEN: 'short' }, /TORCH_TOKEN of at least 16 characters/],
    [{ ...LISTEN, TORCH_TLS_CERT: '/a' }, /TORCH_TLS_CERT and TORCH_TLS_KEY are set together/],
    [{ ...LISTEN, TORCH_LISTEN: '8100' }, /TORCH_LISTEN='8100': must be an address and a port/],
  ])('refuses %j and says what to do', (env, message) => {
    expect(() => parse(env)).toThrow(message);
  });

  it('warns of settings that have no effect, and of a link that others can read', () => {
    expect(parse({ TORCH_RANKS: '2' }).warnings).toEqual(['TORCH_RANKS has no effect with BACKEND=local.']);
    expect(parse({ BACKEND: 'torch', ENGINE: 'auto', TORCH_TOKEN }).warnings).toEqual([
      'ENGINE has no effect with BACKEND=torch.',
      'TORCH_TOKEN has no effect without TORCH_LISTEN.',
    ]);
    expect(parse(LISTEN).warnings).toEqual([expect.stringContaining('TORCH_LISTEN is not encrypted')]);
    expect(parse({ ...LISTEN, TORCH_LISTEN: '127.0.0.1:8100' }).warnings).toEqual([]);
  });
});
