import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { WebhookReceiver } from '../support/servers/webhook-receiver.js';
import { TestServer } from './support/server.js';

/** What a webhook is told outlives the process that settled the operation, and the one that was sending it. */
let server: TestServer;
let receiver: WebhookReceiver;

beforeAll(async () => {
  server = await TestServer.start({ env: { WEBHOOKS_ALLOW_PRIVATE: 'true' } });
  receiver = await WebhookReceiver.start();
});
afterAll(async () => {
  await server.stop();
  await receiver.close();
});

it('is sent again, under the same id, after the death of the process that was sending it', async () => {
  const { body } = await server.api.post('/webhooks', { url: receiver.url, events: ['future.completed'] });
  // The first attempt is under way when the process dies: nobody has noted that it arrived.
  receiver.answer = () => undefined;
  await server.api.post('/generate', { prompt: 'a', max_tokens: 1, async: true });
  await waitFor('the first attempt', () => receiver.received.length === 1);
  await server.end('SIGKILL');
  receiver.answer = (response) => response.writeHead(204).end();
  // As when the time is over for which the dead process has it.
  await server.database.query(`UPDATE webhook_deliveries SET next_attempt_at = now()`);
  await server.launch();
  await waitFor('the second attempt', () => receiver.received.length === 2);
  const [first, second] = receiver.received;
  expect(second!.id).toBe(first!.id);
  expect(second!.body).toBe(first!.body);
  expect(WebhookReceiver.verify(String(body['secret']), second!)).toMatchObject({ type: 'future.completed' });
  const deliveries = async () =>
    (await server.api.get(`/webhooks/${String(body['id'])}/deliveries`)).body['deliveries'] as object[];
  await waitFor('the note of it', async () => JSON.stringify(await deliveries()).includes('delivered'));
  expect(await deliveries()).toMatchObject([{ id: first!.id, attempts: 2, response_status: 204 }]);
});
