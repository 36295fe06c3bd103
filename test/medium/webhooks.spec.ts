import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { type DeliveryDto } from '../../src/modules/webhooks/dto/webhook.dto.js';
import { NO_PROGRESS } from '../../src/modules/fine-tuning/driver/job-progress.js';
import { JobEntity } from '../../src/modules/fine-tuning/entities/job.entity.js';
import { JobDriveRepository } from '../../src/modules/fine-tuning/repositories/job-drive.repository.js';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { waitFor } from '../support/wait-for.js';
import { WebhookReceiver } from '../support/servers/webhook-receiver.js';

const EVENTS = ['future.completed', 'future.failed', 'fine_tuning.job.succeeded'];

describe('webhooks', () => {
  let database: TestDatabase;
  let apps: ApiApp[];
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    database = await createTestDatabase();
    const env = { WEBHOOKS_ALLOW_PRIVATE: 'true' };
    const first = await startApiApp(database.url, env);
    // Both deliver, and must not deliver anything twice.
    apps = [first, await startApiApp(database.url, env)];
    receiver = await WebhookReceiver.start();
  });
  afterEach(async () => {
    await database.query('TRUNCATE webhooks, webhook_deliveries');
    receiver.received.length = 0;
    receiver.answer = (response) => response.writeHead(204).end();
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await receiver.close();
    await database.drop();
  });

  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(apps[0]!.url + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const register = async (events = EVENTS) => {
    const { body } = await call('POST', '/webhooks', { url: receiver.url, events });
    return body as { id: string; secret: string };
  };
  const sample = async (seed: number): Promise<string> =>
    (await call('POST', '/generate', { prompt: 'a', max_tokens: 1, seed, async: true })).body['request_id'] as string;
  const received = (count: number) => waitFor(`${count} events`, () => receiver.received.length >= count);
  const deliveries = async (id: string) =>
    (await call('GET', `/webhooks/${id}/deliveries`)).body['deliveries'] as DeliveryDto[];
  const makeDue = () => database.query(`UPDATE webhook_deliveries SET next_attempt_at = now()`);

  it('tell of each settled operation once, signed, whoever delivers', async () => {
    const { id, secret } = await register();
    const requests = await Promise.all(Array.from({ length: 40 }, (_, i) => sample(i)));
    await received(requests.length);
    const events = receiver.received.map((event) => WebhookReceiver.verify(secret, event));
    expect(events.map(({ data }) => (data as { id: string }).id).toSorted()).toEqual(requests.toSorted());
    expect(new Set(receiver.received.map((event) => event.id)).size).toBe(requests.length);
    expect(events[0]).toMatchObject({
      object: 'event',
      type: 'future.completed',
      data: { kind: 'generate', status: 'completed', error: null },
    });
    await waitFor('all to be recorded', async () =>
      (await deliveries(id)).every(({ status }) => status === 'delivered'),
    );
    expect(receiver.received).toHaveLength(requests.length);
  });

  it('tell of failures, cancellations and jobs', async () => {
    const { secret } = await register();
    const optim = await call('POST', '/adapters', { model_id: 'm', lora_config: { rank: 2 } });
    await call('POST', '/retrieve_future', { request_id: optim.body['request_id'] });
    await call('POST', '/optim_step', { model_id: 'm' });
    const source = apps[0]!.app.get(DataSource);
    const drive = new JobDriveRepository(source.getRepository(JobEntity));
    await source.getRepository(JobEntity).insert({
      id: 'ftjob-1',
      status: 'running',
      baseModel: 'base',
      modelId: 'ft:1',
      trainingFile: 'file-1',
      method: 'supervised',
      settings: {},
      seed: 1,
      progress: NO_PROGRESS,
    });
    const job = (await drive.claim('driver', ['base'], 1))!;
    await drive.record(job, { status: 'succeeded', from: ['running'] });
    await drive.record(job, { events: [] });
    await received(3);
    const events = receiver.received.map((event) => WebhookReceiver.verify(secret, event));
    expect(events.find(({ type }) => type === 'future.failed')).toMatchObject({
      data: { kind: 'optim_step', error: { message: expect.stringContaining('no gradients') as string } },
    });
    expect(events.filter(({ type }) => type === 'fine_tuning.job.succeeded')).toMatchObject([
      { data: { id: 'ftjob-1' } },
    ]);
  });

  it('are sent again after a failure, under the same id, until they are given up', async () => {
    const { id } = await register(['future.completed']);
    receiver.answer = (response) => response.writeHead(503).end();
    await sample(100);
    const recorded = (attempts: number) =>
      waitFor('the attempt to be recorded', async () => {
        const [one] = await deliveries(id);
        return one?.attempts === attempts && one.error !== null;
      });
    await recorded(1);
    await makeDue();
    await received(2);
    expect(receiver.received[1]!.id).toBe(receiver.received[0]!.id);
    expect((await call('GET', `/webhooks/${id}`)).body).toMatchObject({ failing_since: expect.any(String) as string });
    await database.query(`UPDATE webhook_deliveries SET attempts = 9, next_attempt_at = now()`);
    await received(3);
    await waitFor('the end', async () => (await deliveries(id))[0]?.status === 'dead');
    expect((await deliveries(id))[0]).toMatchObject({ attempts: 10, response_status: 503, error: 'HTTP 503' });
  });

  it('are disabled when the receiver wants no more or has failed for days, and enabled by a ping', async () => {
    const { id } = await register(['future.completed']);
    await database.query(`UPDATE webhooks SET failing_since = now() - interval '6 days'`);
    receiver.answer = (response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end();
    await sample(200);
    const isDisabled = async () => (await call('GET', `/webhooks/${id}`)).body['status'] === 'disabled';
    await waitFor('it to be disabled', isDisabled);
    expect((await deliveries(id))[0]).toMatchObject({ error: 'HTTP 302; redirects are not followed' });
    await sample(201);
    const failed = await call('POST', `/webhooks/${id}/ping`);
    expect(failed.body).toMatchObject({ event: 'webhook.ping', status: 'dead', response_status: 302 });
    expect(await isDisabled()).toBe(true);
    receiver.answer = (response) => response.writeHead(204).end();
    expect((await call('POST', `/webhooks/${id}/ping`)).body).toMatchObject({ status: 'delivered', attempts: 1 });
    expect((await call('GET', `/webhooks/${id}`)).body).toMatchObject({ status: 'active', failing_since: null });
    receiver.answer = (response) => response.writeHead(410).end();
    await sample(202);
    await waitFor('it to be disabled', isDisabled);
    expect((await call('GET', `/webhooks/${id}`)).body['disabled_reason']).toBe('it answered 410 Gone');
  });

  it('sign with the old secret and the new one while it is rotated', async () => {
    const { webhooks } = (await call('GET', '/webhooks')).body as { webhooks: { id: string }[] };
    await Promise.all(webhooks.map((earlier) => call('DELETE', `/webhooks/${earlier.id}`)));
    const { id, secret: first } = await register();
    const rotate = async (body: object) => {
      const answer = await call('POST', `/webhooks/${id}/rotate_secret`, body);
      return answer.body as { secret: string; previous_secret_expires_at: string | null };
    };
    const nextEvent = async () => {
      receiver.received.length = 0;
      await sample(303);
      await received(1);
      return receiver.received[0]!;
    };
    const { secret: second, previous_secret_expires_at: end } = await rotate({});
    expect(Date.parse(end!) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    const event = await nextEvent();
    for (const secret of [first, second]) {
      expect(WebhookReceiver.verify(secret, event)).toMatchObject({ type: 'future.completed' });
    }
    const { secret: third, previous_secret_expires_at: none } = await rotate({ overlap_s: 0 });
    expect(none).toBeNull();
    const last = await nextEvent();
    expect(WebhookReceiver.verify(third, last)).toMatchObject({ type: 'future.completed' });
    for (const secret of [first, second]) expect(() => WebhookReceiver.verify(secret, last)).toThrow('signature');
    const shown = JSON.stringify((await call('GET', `/webhooks/${id}`)).body);
    for (const secret of [first, second, third]) expect(shown).not.toContain(secret);
    expect((await call('POST', `/webhooks/${id}/rotate_secret`, { overlap_s: 604_801 })).status).toBe(400);
    expect((await call('POST', '/webhooks/wh_none/rotate_secret', {})).status).toBe(404);
    await call('DELETE', `/webhooks/${id}`);
  });

  it('are told nothing once they are deleted, and show their secret once only', async () => {
    const { id, secret } = await register();
    expect(secret).toMatch(/^whsec_/);
    expect(JSON.stringify((await call('GET', '/webhooks')).body)).not.toContain(secret);
    expect((await call('DELETE', `/webhooks/${id}`)).body).toEqual({ id, deleted: true });
    expect((await call('GET', `/webhooks/${id}/deliveries`)).status).toBe(404);
    const wrong = await call('POST', '/webhooks', { url: 'https://u:p@example.com', events: ['future.failed'] });
    expect(wrong).toMatchObject({ status: 400, body: { error: { details: { field: 'url' } } } });
  });
});
