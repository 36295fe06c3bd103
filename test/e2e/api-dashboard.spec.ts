import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { docsOptions, expectWorkingPage } from './support/page.js';
import { TestServer } from './support/server.js';

const [USER, OPERATOR] = ['tml-user', 'tml-operator'];
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const basic = (name: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(TestRedis.program === undefined)(`pages for browsers, once keys exist${needsRedis}`, () => {
  let redis: TestRedis;
  let server: TestServer;

  beforeAll(async () => {
    redis = await TestRedis.create();
    server = await TestServer.start({ env: { API_KEYS: USER, ADMIN_KEYS: OPERATOR, REDIS_URL: redis.url } });
  });

  afterAll(async () => {
    await server.stop();
    await redis.remove();
  });

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const { status, headers: answered } = await fetch(server.api.url + path, { headers });
    return { status, asks: answered.get('www-authenticate'), type: answered.get('content-type') ?? '' };
  };

  it.each(['/admin/queues', '/ADMIN/queues', '/admin/queues/', '/admin/queues/api/queues'])(
    '%s asks a browser for a password, which only an operator has',
    async (path) => {
      const refused = { status: 401, asks: 'Basic realm="Operators", charset="UTF-8"' };
      expect(await get(path, BROWSER)).toMatchObject(refused);
      expect(await get(path, { ...BROWSER, ...basic('me', USER) })).toMatchObject(refused);
      expect(await get(path, { ...BROWSER, ...basic(OPERATOR, '') })).toMatchObject(refused);
      expect(await get(path, { ...BROWSER, Authorization: `Bearer ${USER}` })).toMatchObject(refused);
      expect((await get(path, { ...BROWSER, Authorization: `Bearer ${OPERATOR}` })).status).toBe(200);
      expect(await get(path, { ...BROWSER, ...basic('anybody', OPERATOR) })).toMatchObject({ status: 200, asks: null });
    },
  );

  it('the dashboard is a page, with its data, and programs send the key as everywhere', async () => {
    expect((await get('/admin/queues', { ...BROWSER, ...basic('', OPERATOR) })).type).toContain('text/html');
    await expectWorkingPage(`${server.api.url}/admin/queues`, { ...BROWSER, ...basic('', OPERATOR) });
    const key = { 'X-API-Key': OPERATOR };
    expect(await get('/admin/queues/api/queues', key)).toMatchObject({
      status: 200,
      type: expect.stringContaining('json') as string,
    });
    expect(await get('/admin/queues', { 'X-API-Key': USER })).toMatchObject({ status: 401, asks: null });
    const refused = await fetch(`${server.api.url}/admin/queues`);
    expect(await refused.json()).toMatchObject({
      error: { code: 'operators_only', category: 'user', message: expect.stringContaining('ADMIN_KEYS') as string },
    });
  });

  it('the dashboard changes nothing: it has no buttons, and their requests are refused with what to do', async () => {
    const key = { 'X-API-Key': OPERATOR };
    const shown = await fetch(`${server.api.url}/admin/queues/api/queues`, { headers: key });
    const { queues } = (await shown.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues).toMatchObject([{ name: 'operations', readOnlyMode: true, allowRetries: false }]);
    for (const [method, path] of [
      ['PUT', 'queues/operations/pause'],
      ['PUT', 'queues/pause'],
      ['PUT', 'queues/operations/retry/failed'],
      ['PUT', 'queues/operations/1/retry'],
      ['POST', 'queues/operations/add'],
      ['PUT', 'queues/operations/obliterate'],
      ['DELETE', 'queues/operations/1'],
    ] as const) {
      const answer = await fetch(`${server.api.url}/admin/queues/api/${path}`, { method, headers: key });
      expect(answer.status, path).toBe(405);
      expect(await answer.json()).toMatchObject({
        error: { code: 'dashboard_read_only', message: expect.stringContaining('GET /futures') as string },
      });
    }
  });

  it('a password opens no other route, and an operator may use them all with the key', async () => {
    expect((await get('/adapters', basic('me', USER))).status).toBe(401);
    expect((await get('/adapters', { 'X-API-Key': OPERATOR })).status).toBe(200);
  });

  it('the API description is open, and tells Swagger UI to ask for the key', async () => {
    expect((await get('/docs', BROWSER)).status).toBe(200);
    const { body } = await server.api.get('/docs-json');
    expect(body).toMatchObject({
      components: {
        securitySchemes: {
          api_key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ api_key: [] }, { bearer: [] }, {}],
    });
    // It shows open locks only where there is no way without a key.
    expect((await docsOptions(server.api.url)).spec.security).toEqual([{ api_key: [] }, { bearer: [] }]);
  });
});
