import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAs } from '../../../src/common/caller.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { type Gate, waitFor } from '../../support/wait-for.js';

const PER_KEY = 6;
const IN_ALL = 10;
const MB = 2 ** 20;

@Controller('length')
class LengthController {
  @Post()
  @HttpCode(200)
  length(@Body() body: { text: string }): { length: number } {
    return { length: body.text.length };
  }
}

@Module({ controllers: [LengthController] })
class LengthModule {}

describe('backpressure', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let futures: FuturesService;
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({
      databaseUrl: database.url,
      features: [LengthModule],
      env: {
        MAX_QUEUED_PER_KEY: String(PER_KEY),
        MAX_QUEUED_REQUESTS: String(IN_ALL),
        BODY_LIMIT_MB: '1',
        BODIES_IN_FLIGHT_MB: '2',
        BODY_GRACE_S: '1',
        QUEUE_CONCURRENCY: '2',
      },
    });
    futures = platform.get(FuturesService);
    source = platform.get(DataSource);
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  const submit = (label: string) => async () => {
    const adapter = await insertAdapter(source);
    return futures.submit(operation(adapter, label));
  };
  /** Two operations that hold both slots of the worker, so that all others wait. */
  async function block(): Promise<Gate[]> {
    const labels = ['blocker-a', 'blocker-b'];
    const gates = labels.map((label) => platform.script.hold(label));
    const before = platform.script.starts('blocker-a');
    for (const label of labels) await runAs('nobody', submit(label));
    await waitFor('both run', () => labels.every((label) => platform.script.starts(label) > before));
    return gates;
  }

  async function waiting(owner?: string): Promise<number> {
    const rows = await database.query<{ count: number }>(
      `SELECT count(*)::int FROM futures WHERE status = 'pending' AND ($1::text IS NULL OR owner = $1)`,
      [owner ?? null],
    );
    return rows[0]!.count;
  }

  it('refuses what exceeds the limits of a key and of all, but no repeat, and takes more when there is room', async () => {
    const gates = await block();
    const adapter = await insertAdapter(source);
    const send = (seqId: number) => futures.submit(operation(adapter, `seq-${seqId}`, 'forward_backward', seqId));

    const greedy = await runAs('greedy', () => Promise.allSettled(Array.from({ length: 20 }, (_, i) => send(i))));
    const taken = greedy.filter(({ status }) => status === 'fulfilled');
    expect(taken).toHaveLength(PER_KEY);
    expect(await waiting('greedy')).toBe(PER_KEY);
    const refusal = await runAs('greedy', () => send(99)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'queue_full',
      category: 'user',
      status: 429,
      details: { waiting: PER_KEY, limit: PER_KEY, retry_after_s: 5 },
      message: expect.stringMatching(/6 of your requests are pending; the limit is 6.*MAX_QUEUED_PER_KEY/) as string,
    });

    const first = greedy.findIndex(({ status }) => status === 'fulfilled');
    const again = await runAs('greedy', () => send(first));
    expect(again).toEqual((greedy[first] as PromiseFulfilledResult<unknown>).value);

    // The two that run count as waiting until the next count, so that not all slots are free at first.
    await waitFor('others have taken all slots', async () => {
      await Promise.allSettled(Array.from({ length: 8 }, (_, i) => runAs(`key-${i}`, submit('other'))));
      return (await waiting()) === IN_ALL;
    });
    await expect(runAs('late', submit('late'))).rejects.toMatchObject({ code: 'queue_full', category: 'server' });
    // What frees memory is taken in any case.
    await runAs('late', () => futures.submit(operation(adapter, 'freeing', 'unload_adapter')));

    for (const gate of gates) gate.open();
    await waitFor('the queue is empty', async () => (await waiting()) === 0);
    await waitFor('there is room again', () =>
      runAs('greedy', () => send(100)).then(
        () => true,
        () => false,
      ),
    );
  });

  it('answers polls with paused_capacity while very many wait', async () => {
    const gates = await block();
    const { requestId } = await submit('first')();
    const state = async (): Promise<unknown> => {
      const response = await fetch(`${platform.url}/retrieve_future`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ request_id: requestId, wait_ms: 0 }),
      });
      return ((await response.json()) as { queue_state: string }).queue_state;
    };
    await waitFor('the queue is short', async () => (await state()) === 'active');
    for (let i = 0; i < PER_KEY / 2; i++) await submit(`more-${i}`)();
    expect(await state()).toBe('paused_capacity');
    for (const gate of gates) gate.open();
    await waitFor('the queue is empty', async () => (await waiting()) === 0);
  });

  /** A request whose body is announced and not yet sent. */
  function announce(headers: Record<string, string>) {
    const sending = httpRequest(`${platform.url}/length`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
    });
    sending.flushHeaders();
    const status = once(sending, 'response').then(([response]) => {
      const { statusCode } = (response as { resume(): unknown; statusCode: number }) ?? {};
      (response as { resume(): unknown }).resume();
      return statusCode;
    });
    return { sending, status };
  }
  const small = JSON.stringify({ text: 'x'.repeat(1000) });
  const post = () =>
    fetch(`${platform.url}/length`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: small });

  it('counts bytes of bodies that have arrived, and of one client no more than half of the limit', async () => {
    const { sending, status } = announce({ 'Content-Length': String(MB) });
    status.catch(() => undefined);
    const arrived = MB - 500;
    sending.write(Buffer.alloc(arrived, ' '));
    await waitFor('there is no room', async () => (await post()).status === 429);
    const refused = await post();
    expect(Number(refused.headers.get('retry-after'))).toBe(1);
    expect(await refused.json()).toMatchObject({
      error: { code: 'too_many_bodies', details: { in_flight_bytes: arrived, limit_bytes: MB } },
    });
    sending.on('error', () => undefined).destroy();
    await waitFor('there is room again', async () => (await post()).status === 200);
  });

  it.each([
    ['by their length', { 'Content-Length': String(MB) }],
    ['as chunked', { 'Transfer-Encoding': 'chunked' }],
    ['as compressed', { 'Content-Length': '500', 'Content-Encoding': 'gzip' }],
  ])('does not count bodies that are announced %s, and answers those that stay away with 408', async (_, headers) => {
    const open = Array.from({ length: 8 }, () => announce(headers));
    expect((await post()).status).toBe(200);
    expect(await Promise.all(open.map(({ status }) => status))).toEqual(open.map(() => 408));
  });

  it('gives the room of a chunked body back when it has been answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const { sending, status } = announce({ 'Transfer-Encoding': 'chunked' });
        sending.end(small);
        return status;
      }),
    );
    expect(answers).toEqual([200, 200]);
    expect((await post()).status).toBe(200);
  });

  it.each(['/healthz', '/nothing'])('reads no body that is sent to %s', async (route) => {
    const open = Array.from({ length: 4 }, () => {
      const sending = httpRequest(platform.url + route, {
        method: 'GET',
        headers: { 'Content-Length': String(64 * MB) },
      });
      sending.flushHeaders();
      return { sending, answer: once(sending, 'response'), end: once(sending, 'close') };
    });
    for (const { sending, answer } of open) {
      sending.on('error', () => undefined);
      const [response] = (await answer) as [IncomingMessage];
      expect(response.statusCode).toBe(route === '/healthz' ? 200 : 404);
      response.resume();
    }
    expect((await post()).status).toBe(200);
    await Promise.all(open.map(({ end }) => end));
  });
});
