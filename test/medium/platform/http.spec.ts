import { gzipSync } from 'node:zlib';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { IsArray, IsNumber, IsString } from 'class-validator';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../../src/common/errors/request.errors.js';
import { type AdapterEntity } from '../../../src/modules/adapters/entities/adapter.entity.js';
import { WorkerPresence } from '../../../src/modules/dispatch/worker/worker-presence.js';
import { FuturesService } from '../../../src/modules/futures/index.js';
import { WaiterHub } from '../../../src/modules/futures/waiter-hub.js';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.js';
import { insertAdapter, operation, startPlatform, type TestPlatform } from '../../support/service/test-platform.js';
import { waitFor } from '../../support/wait-for.js';

class SumDto {
  @IsString()
  name!: string;

  @IsArray()
  @IsNumber({}, { each: true })
  values!: number[];
}

@Controller('sum')
class SumController {
  @Post()
  @HttpCode(200)
  sum(@Body() body: SumDto): { sum: number } {
    if (body.name === 'crash') throw new TypeError('secret internals');
    return { sum: body.values.reduce((total, value) => total + value, 0) };
  }
}

@Module({ controllers: [SumController] })
class SumModule {}

const JSON_HEADERS = { 'Content-Type': 'application/json' };

describe('the HTTP side', () => {
  let database: TestDatabase;
  let platform: TestPlatform;
  let adapter: AdapterEntity;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform({ databaseUrl: database.url, features: [SumModule], env: { BODY_LIMIT_MB: '1' } });
    adapter = await insertAdapter(platform.get(DataSource), 'my-model');
  });

  afterAll(async () => {
    await platform.app.close();
    await database.drop();
  });

  const call = async (method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, headers = {}) => {
    const response = await fetch(platform.url + path, { method, body, headers: { ...JSON_HEADERS, ...headers } });
    const text = await response.text();
    const json = text === '' ? null : (JSON.parse(text) as { error?: { details?: unknown }; [key: string]: unknown });
    return { status: response.status, headers: response.headers, json };
  };
  const post = (path: string, body: unknown) => call('POST', path, JSON.stringify(body));

  it.each([
    ['malformed JSON', 'POST', '/sum', '{"name": NaN}', 400, 'malformed_body'],
    ['a cut body', 'POST', '/sum', '{"name": "x", "values": [1', 400, 'malformed_body'],
    ['no body', 'POST', '/sum', undefined, 400, 'invalid_request'],
    ['an unknown route', 'GET', '/nothing', undefined, 404, 'route_not_found'],
    ['a broken escape', 'GET', '/futures/%zz', undefined, 400, 'invalid_request'],
    ['another method', 'GET', '/sum', undefined, 405, 'method_not_allowed'],
    ['another method on a path with a name', 'DELETE', '/futures/x', undefined, 405, 'method_not_allowed'],
  ])('answers %s with its code', async (_what, method, path, body, status, code) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code, category: 'user' }, status_code: status });
  });

  it('says which methods a path takes', async () => {
    expect((await call('GET', '/sum')).headers.get('allow')).toBe('POST');
  });

  it('names the field at fault by its path', async () => {
    const { status, json } = await post('/sum', { name: 'x', values: [1, 'a'], extra: true });
    expect(status).toBe(400);
    const fields = (json?.error?.details as { problems: { field: string }[] }).problems.map(({ field }) => field);
    expect(fields.sort()).toEqual(['extra', 'values']);
  });

  it('refuses a body over the limit with the limit and the remedy, unpacked too, and goes on', async () => {
    const values = Array.from({ length: 300_000 }, () => 1.25);
    const large = JSON.stringify({ name: 'x', values });
    for (const answer of [
      await call('POST', '/sum', large),
      await call('POST', '/sum', new Uint8Array(gzipSync(large)), { 'Content-Encoding': 'gzip' }),
    ]) {
      expect(answer.status).toBe(413);
      expect(answer.json).toMatchObject({
        error: {
          code: 'body_too_large',
          details: { limit_bytes: 1_048_576, remedy: expect.stringContaining('BODY_LIMIT_MB') as string },
        },
      });
    }
    expect((await post('/sum', { name: 'x', values: [1, 2] })).json).toEqual({ sum: 3 });
  });

  it('takes gzip and a hundred thousand numbers', async () => {
    const body = JSON.stringify({ name: 'x', values: Array.from({ length: 100_000 }, () => 0.5) });
    const answer = await call('POST', '/sum', new Uint8Array(gzipSync(body)), { 'Content-Encoding': 'gzip' });
    expect(answer.json).toEqual({ sum: 50_000 });
  });

  it('refuses gzip that is damaged or cut short', async () => {
    const packed = new Uint8Array(gzipSync('{"name": "x", "values": [1]}'));
    for (const body of ['not gzip', packed.slice(0, -10)]) {
      expect(await call('POST', '/sum', body, { 'Content-Encoding': 'gzip' })).toMatchObject({
        status: 400,
        json: { error: { code: 'malformed_body', details: { remedy: expect.stringContaining('Encoding') as string } } },
      });
    }
  });

  it.each([
    ['GET', '/futures/a%00', 404, 'not_found'],
    ['GET', '/futures?model_id=a%00', 400, 'invalid_request'],
    ['GET', '/futures?cursor=99999999999999999999', 400, 'invalid_request'],
  ])('answers %s %s, which Postgres could not', async (method, path, status, code) => {
    expect(await call(method, path)).toMatchObject({ status, json: { error: { code } } });
  });

  it('refuses an encoding it does not know', async () => {
    const answer = await call('POST', '/sum', '{}', { 'Content-Encoding': 'zstd-seekable' });
    expect(answer).toMatchObject({ status: 415, json: { error: { code: 'unsupported_encoding' } } });
  });

  it('answers an unforeseen error with an id and nothing else', async () => {
    const { status, json } = await post('/sum', { name: 'crash', values: [1] });
    expect(status).toBe(500);
    expect(json).toMatchObject({ error: { code: 'internal_error', category: 'server' }, status_code: 500 });
    expect((json?.error?.details as { error_id: string }).error_id).toMatch(/^error_/);
    expect(JSON.stringify(json)).not.toContain('secret');
  });

  it('gives no banner away', async () => {
    expect((await call('GET', '/healthz')).headers.get('x-powered-by')).toBeNull();
  });

  it('shows the map, the health and no icon', async () => {
    expect((await call('GET', '/')).json).toMatchObject({ name: 'Thinker', links: { docs: '/docs' } });
    expect((await call('GET', '/favicon.ico')).status).toBe(204);
    expect((await call('GET', '/healthz')).json).toMatchObject({ status: 'ok', role: 'all' });
    const ready = await call('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(ready.json).toMatchObject({
      status: 'ready',
      checks: { database: { status: 'up' }, queue: { status: 'up' }, worker: { status: 'up', engine: 'fake' } },
    });
    expect((await call('GET', '/admin/queues')).json).toMatchObject({
      message: expect.stringContaining('REDIS_URL') as string,
    });
  });

  it('is not ready without a living worker', async () => {
    const other = await createTestDatabase();
    const own = await startPlatform({ databaseUrl: other.url });
    await own.get(WorkerPresence).stop();
    const ready = await fetch(`${own.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not_ready', checks: { worker: { status: 'down' } } });
    await own.app.close();
    await other.drop();
  });

  it('holds retrieve_future until the result is there and gives it again', async () => {
    const gate = platform.script.hold('held');
    const { requestId } = await platform.get(FuturesService).submit(operation(adapter, 'held'));
    const pending = await post('/retrieve_future', { request_id: requestId, wait_ms: 0 });
    expect(pending.status).toBe(202);
    expect(pending.json).toMatchObject({ request_id: requestId, model_id: 'my-model', queue_state: 'active' });
    const answer = post('/retrieve_future', { request_id: requestId });
    gate.open();
    const names = { request_id: requestId, model_id: 'my-model', kind: 'forward_backward' };
    const expected = { label: 'held', ...names, status: 'completed' };
    expect(await answer).toMatchObject({ status: 200, json: expected });
    expect((await post('/retrieve_future', { request_id: requestId })).json).toEqual(expected);
  });

  it('answers a failed future with its code and category and the status that fits', async () => {
    platform.script.failWith('wrong', new InvalidRequestError('data[0] is too long.', { field: 'data[0]' }));
    platform.script.failWith('broken', new TypeError('secret internals'));
    const futures = platform.get(FuturesService);
    const wrong = await futures.submit(operation(adapter, 'wrong'));
    const broken = await futures.submit(operation(adapter, 'broken'));
    expect(await post('/retrieve_future', { request_id: wrong.requestId })).toMatchObject({
      status: 400,
      json: {
        error: {
          code: 'invalid_request',
          category: 'user',
          message: 'data[0] is too long.',
          details: { field: 'data[0]', request_id: wrong.requestId, status: 'failed' },
        },
      },
    });
    expect(await post('/retrieve_future', { request_id: broken.requestId })).toMatchObject({
      status: 500,
      json: { error: { code: 'internal_error', category: 'server' } },
    });
    const unknown = await post('/retrieve_future', { request_id: 'future_unknown' });
    expect(unknown).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    const absurd = await post('/retrieve_future', { request_id: wrong.requestId, wait_ms: 1e9 });
    expect(absurd).toMatchObject({ status: 400, json: { error: { details: { field: 'wait_ms' } } } });
  });

  it('lists futures newest first, filtered and page by page', async () => {
    const own = await insertAdapter(platform.get(DataSource), 'listed');
    const futures = platform.get(FuturesService);
    const ids: string[] = [];
    for (const label of ['l1', 'l2', 'l3', 'l4', 'l5'])
      ids.unshift((await futures.submit(operation(own, label))).requestId);
    for (const id of ids) await futures.wait(id, 20_000);
    const seen: string[] = [];
    let cursor: number | null | undefined;
    for (let page = 0; cursor !== null && page < 5; page++) {
      const query: string = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { json } = await call('GET', `/futures?model_id=listed&status=completed&limit=2${query}`);
      seen.push(...(json?.['futures'] as { request_id: string }[]).map((future) => future.request_id));
      cursor = json?.['next_cursor'] as number | null;
    }
    expect(seen).toEqual(ids);
    expect((await call('GET', '/futures?model_id=listed&kind=generate')).json).toEqual({
      futures: [],
      next_cursor: null,
    });
    expect((await call('GET', '/futures?status=done')).status).toBe(400);
    expect((await call('GET', `/futures/${ids[0]}`)).json).toMatchObject({
      request_id: ids[0],
      kind: 'forward_backward',
    });
    expect((await call('GET', '/futures/future_unknown')).status).toBe(404);
  });

  it('answers what is under way before it closes, and closes though clients keep their connections', async () => {
    const own = await startPlatform({ databaseUrl: database.url, features: [SumModule] });
    // Either of the two workers may run it.
    const gates = [own, platform].map(({ script }) => script.hold('under way'));
    const { requestId } = await own.get(FuturesService).submit(operation(null, 'under way', 'generate'));
    const poll = fetch(`${own.url}/retrieve_future`, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ request_id: requestId, wait_ms: 60_000 }),
    });
    await waitFor('the poll waits', () => own.get(WaiterHub).waitingRequests === 1);
    const closed = own.app.close();
    expect((await poll).status).toBe(202);
    for (const gate of gates) gate.open();
    await closed;
    await expect(fetch(`${own.url}/healthz`)).rejects.toThrow();
  });
});
