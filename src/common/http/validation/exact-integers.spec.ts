import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { keepExactIntegers, restoreExactSeeds } from './exact-integers.js';

function parsed(text: string, url = '/generate'): unknown {
  const request = { url, body: undefined as unknown } as Request;
  keepExactIntegers(request, Buffer.from(text));
  request.body = JSON.parse(text) as unknown;
  restoreExactSeeds(request);
  return request.body;
}

const LONG = '1152921504606846977';

describe('restoreExactSeeds', () => {
  it('gives long seeds back as digits, wherever requests have them', () => {
    expect(parsed(`{"seed" : ${LONG}}`)).toEqual({ seed: LONG });
    expect(parsed(`{"seed":-${LONG},"n":1}`)).toEqual({ seed: `-${LONG}`, n: 1 });
    expect(parsed(`{"sampling_params":{"seed":${LONG}\n}}`, '/api/v1/asample?a')).toEqual({
      sampling_params: { seed: LONG },
    });
    expect(parsed(`{"lora_config":{"rank":4,"seed":${LONG}}}`, '/adapters')).toEqual({
      lora_config: { rank: 4, seed: LONG },
    });
    const huge = '1' + '0'.repeat(400);
    expect(parsed(`{"seed":${huge}}`)).toEqual({ seed: huge });
  });

  it('leaves short seeds, other fields, other routes and strings alone', () => {
    expect(parsed('{"seed":42}')).toEqual({ seed: 42 });
    expect(parsed(`{"seed":"${LONG}"}`)).toEqual({ seed: LONG });
    expect(parsed('{"seed":1.5e300}')).toEqual({ seed: 1.5e300 });
    expect(parsed(`{"other":{"seed":${LONG}}}`)).toEqual({ other: { seed: 2 ** 60 } });
    expect(parsed(`{"seed":${LONG}}`, '/fwdbwd')).toEqual({ seed: 2 ** 60 });
    expect(parsed(`{"prompt":"{\\"seed\\":9007199254740993}","seed":${LONG}}`)).toMatchObject({ seed: LONG });
    expect(parsed(`[{"seed":${LONG}}]`)).toEqual([{ seed: 2 ** 60 }]);
  });

  it('refuses two seeds that a float64 takes for one', () => {
    const text = `{"user_metadata":{"seed":1152921504606846978},"lora_config":{"seed":${LONG}}}`;
    expect(() => parsed(text, '/create_model')).toThrow(/lora_config\.seed occurs twice in the body/);
    expect(parsed(text.replace('978}', `${LONG.slice(-3)}}`), '/create_model')).toMatchObject({
      lora_config: { seed: LONG },
    });
  });
});
