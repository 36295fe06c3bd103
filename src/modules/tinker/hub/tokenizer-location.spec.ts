import type { Request } from 'express';
import { expect, it } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { tokenizerId } from './tokenizer-location.js';

const model = makeBaseModel();

const ask = (remoteAddress: string | undefined, headers: Request['headers'] = {}, publicUrl = '') =>
  tokenizerId(model, { socket: { remoteAddress } as Request['socket'], headers }, { publicUrl });

it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('is the folder for %s', (address) => {
  expect(ask(address)).toBe(model.folder);
});

it.each(['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', undefined])('is the name for %s', (address) => {
  expect(ask(address)).toBe(model.name);
});

it('is the name behind a proxy or a tunnel on the same machine', () => {
  expect(ask('127.0.0.1', { 'x-forwarded-for': '10.0.0.1' })).toBe(model.name);
  expect(ask('127.0.0.1', { forwarded: 'for=10.0.0.1' })).toBe(model.name);
  expect(ask('127.0.0.1', {}, 'https://thinker.example.com')).toBe(model.name);
});
