import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { retryDelayMs } from './retry-schedule.js';
import { newWebhookSecret, signedHeaders, validSecrets } from './webhook-signature.js';

const secret = newWebhookSecret();
const body = JSON.stringify({
  id: 'evt_1',
  object: 'event',
  type: 'fine_tuning.job.succeeded',
  created_at: 1,
  data: {},
});

it('signs as the verifiers of Standard Webhooks and of OpenAI expect', async () => {
  const headers = signedHeaders([secret], 'evt_1', new Date(), body);
  expect(new Webhook(secret).verify(body, headers)).toMatchObject({ id: 'evt_1' });
  const client = new OpenAI({ apiKey: 'none', webhookSecret: secret });
  expect(await client.webhooks.unwrap(body, headers)).toMatchObject({ type: 'fine_tuning.job.succeeded' });
});

it('is verified with either secret while both count, and with the new one alone afterwards', () => {
  const [old, now] = [newWebhookSecret(), new Date()];
  const rotated = { secret, previousSecret: old, previousSecretExpiresAt: new Date(now.getTime() + 1000) };
  const headers = signedHeaders(validSecrets(rotated, now), 'evt_1', now, body);
  for (const known of [old, secret]) expect(new Webhook(known).verify(body, headers)).toMatchObject({ id: 'evt_1' });
  expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow('signature');

  const later = signedHeaders(validSecrets(rotated, rotated.previousSecretExpiresAt), 'evt_1', now, body);
  expect(new Webhook(secret).verify(body, later)).toMatchObject({ id: 'evt_1' });
  expect(() => new Webhook(old).verify(body, later)).toThrow('signature');
});

it('is refused by them for another body, another id, another secret or an old time', () => {
  const headers = signedHeaders([secret], 'evt_1', new Date(), body);
  const verifier = new Webhook(secret);
  expect(() => verifier.verify(body.replace('succeeded', 'failed'), headers)).toThrow('signature');
  expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow('signature');
  expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow('signature');
  const old = signedHeaders([secret], 'evt_1', new Date(Date.now() - 600_000), body);
  expect(() => verifier.verify(body, old)).toThrow('too old');
});

it('waits longer after each failure, not always equally long, and gives up after the tenth', () => {
  const delays = Array.from({ length: 9 }, (_, i) => retryDelayMs(i + 1, () => 0.5)!);
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(delays[0]).toBe(5000);
  expect([retryDelayMs(1, () => 0), retryDelayMs(1, () => 1)]).toEqual([4000, 6000]);
  expect(retryDelayMs(10)).toBeNull();
});
