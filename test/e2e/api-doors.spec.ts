import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { codeOf, rawRequest } from './support/raw-request.js';
import { TestServer } from './support/server.js';

/** What pages in a browser can do to a server on the user's machine, and what programs and listed pages still can. */
const EVIL = 'http://evil.example';
const DASHBOARD = 'https://dashboard.example.com';
const [USER, OPERATOR] = ['tml-user', 'tml-operator'];
const FORM = '--x\r\nContent-Disposition: form-data; name="model_id"\r\n\r\nstolen\r\n--x--\r\n';

/** Requests that a page can send without asking (simple ones of CORS), and ones that change something. */
const WRITES: [string, string, Record<string, string>, string?][] = [
  ['POST', '/adapters', { 'Content-Type': 'application/json' }, '{"model_id":"made"}'],
  ['POST', '/adapters', { 'Content-Type': 'text/plain' }, '{"model_id":"made"}'],
  ['POST', '/adapters/import', { 'Content-Type': 'multipart/form-data; boundary=x' }, FORM],
  ['POST', '/api/v1/create_session', { 'Content-Type': 'application/json' }, '{"tags":[]}'],
  ['DELETE', '/adapters/mine', {}],
  ['PUT', '/admin/queues/api/queues/operations/pause', {}],
];

function write(server: TestServer, [method, path, headers, body]: (typeof WRITES)[number], more: object = {}) {
  return rawRequest(server.api.url + path, { method, headers: { ...headers, ...more }, body });
}

describe('a server without keys', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({
      env: { PUBLIC_URL: 'https://thinker.example.com', ALLOWED_HOSTS: 'gpu-box', CORS_ORIGINS: DASHBOARD },
    });
    await server.api.post('/adapters', { model_id: 'mine', lora_config: { rank: 4 } });
  });
  afterAll(() => server.stop());

  const ask = (host: string, path = '/adapters') => rawRequest(server.api.url + path, { headers: { Host: host } });

  it.each([
    'evil.example',
    'evil.example:8000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.7',
    'me@localhost',
  ])('does not answer to the name %j, which may be rebound to it', async (host) => {
    for (const path of ['/adapters', '/docs', '/api/v1/get_server_capabilities', '/admin/queues', '/nothing']) {
      const answer = await ask(host, path);
      expect([answer.status, codeOf(answer)], path).toEqual([421, 'host_not_allowed']);
      expect(answer.text).toContain('ALLOWED_HOSTS');
    }
  });

  it.each(['localhost', 'LOCALHOST:9', '127.0.0.1', '127.1.2.3:80', '[::1]:8000', 'thinker.example.com', 'gpu-box:81'])(
    'answers to the name %j',
    async (host) => expect((await ask(host)).status).toBe(200),
  );

  it.each(WRITES)('refuses %s %s of a page of another origin', async (...request) => {
    for (const headers of [
      { Origin: EVIL },
      { Origin: 'null' },
      { Origin: 'http://localhost:1' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://localhost:3000' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: server.api.url },
    ]) {
      const answer = await write(server, request, headers);
      expect([answer.status, codeOf(answer)], JSON.stringify(headers)).toEqual([403, 'cross_site_request']);
    }
    const { body } = await server.api.get<{ adapters: { model_id: string }[] }>('/adapters');
    expect(body.adapters.map(({ model_id }) => model_id)).toEqual(['mine']);
  });

  it('lets its own pages, programs, and pages of CORS_ORIGINS write', async () => {
    const body = JSON.stringify({ text: 'Hello' });
    const headers = { 'Content-Type': 'application/json' };
    for (const from of [
      {},
      { Origin: server.api.url },
      { Origin: 'https://thinker.example.com' },
      { Origin: server.api.url, 'Sec-Fetch-Site': 'same-origin' },
      { Origin: DASHBOARD, 'Sec-Fetch-Site': 'cross-site' },
    ]) {
      const answer = await write(server, ['POST', '/get_info', headers, '{"model_id":"mine"}'], from);
      expect(answer.status, `${JSON.stringify(from)} ${body}`).toBe(200);
    }
  });

  it('tells pages of CORS_ORIGINS, and no others, that they may read', async () => {
    const preflight = (origin: string, path = '/adapters') =>
      rawRequest(server.api.url + path, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type,x-api-key,authorization',
        },
      });
    const allowed = await preflight(DASHBOARD);
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': DASHBOARD,
      'access-control-allow-headers': 'content-type,x-api-key,authorization',
      'access-control-allow-methods': expect.stringContaining('DELETE') as string,
      vary: expect.stringContaining('Origin') as string,
    });
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    for (const [origin, path] of [
      [EVIL, '/adapters'],
      [DASHBOARD, '/admin/queues/api/queues/operations/pause'],
    ] as const) {
      expect((await preflight(origin, path)).headers['access-control-allow-origin']).toBeUndefined();
    }
    const read = async (origin: string) =>
      (await rawRequest(`${server.api.url}/nothing`, { headers: { Origin: origin } })).headers;
    expect(await read(DASHBOARD)).toMatchObject({
      'access-control-allow-origin': DASHBOARD,
      'access-control-expose-headers': expect.stringContaining('Retry-After') as string,
    });
    expect((await read(EVIL))['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a server whose operator lets everybody in', () => {
  it('answers to any address, but not to any name', async () => {
    const server = await TestServer.start({ env: { HOST: '0.0.0.0', ALLOW_NO_KEYS: 'true' } });
    const status = async (host: string) =>
      (await rawRequest(`${server.api.url}/adapters`, { headers: { Host: host } })).status;
    const statuses = [await status('192.168.1.5:8000'), await status('[fd00::5]'), await status('evil.example')];
    await server.stop();
    expect(statuses).toEqual([200, 200, 421]);
  });
});

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(TestRedis.program === undefined)(`a server with keys${needsRedis}`, () => {
  let redis: TestRedis;
  let server: TestServer;
  beforeAll(async () => {
    redis = await TestRedis.create();
    const keys = { API_KEYS: USER, ADMIN_KEYS: OPERATOR };
    server = await TestServer.start({ env: { ...keys, REDIS_URL: redis.url, CORS_ORIGINS: '*' } });
  });
  afterAll(async () => {
    await server.stop();
    await redis.remove();
  });

  it('answers to any name, for whoever has a key', async () => {
    const headers = { Host: 'gpu-box:8000' };
    expect((await rawRequest(`${server.api.url}/adapters`, { headers })).status).toBe(401);
    const withKey = { ...headers, 'X-API-Key': USER };
    expect((await rawRequest(`${server.api.url}/adapters`, { headers: withKey })).status).toBe(200);
    expect((await rawRequest(`${server.api.url}/docs-json`, { headers })).text).toContain('http://127.0.0.1:8000/');
  });

  it('lets no page use the password of the dashboard, whatever CORS_ORIGINS says', async () => {
    const pause = `${server.api.url}/admin/queues/api/queues/operations/pause`;
    const password = { Authorization: `Basic ${Buffer.from(`me:${OPERATOR}`).toString('base64')}` };
    const pages: Record<string, string>[] = [{ Origin: EVIL }, { Origin: EVIL, 'Sec-Fetch-Site': 'cross-site' }];
    for (const from of pages) {
      const answer = await rawRequest(pause, { method: 'PUT', headers: { ...password, ...from } });
      expect([answer.status, codeOf(answer)]).toEqual([403, 'cross_site_request']);
    }
    const own = { ...password, Origin: server.api.url, 'Sec-Fetch-Site': 'same-origin' };
    expect((await rawRequest(pause, { method: 'PUT', headers: own })).status).not.toBe(403);
  });

  it('takes a key as Authorization: Bearer beside X-API-Key, on the routes of both dialects', async () => {
    const [own, bearer] = [{ 'X-API-Key': USER }, { Authorization: `Bearer ${USER}` }];
    for (const path of ['/adapters', '/api/v1/training_runs', '/api/v1/auth/apikey/me']) {
      const status = async (headers: Record<string, string>) =>
        (await rawRequest(server.api.url + path, { headers })).status;
      expect(await status(bearer), path).toBe(200);
      expect(await status({ Authorization: `bearer  ${USER}` }), path).toBe(200);
      expect(await status({ ...own, ...bearer }), path).toBe(200);
      expect(await status({ Authorization: 'Bearer tml-other' }), path).toBe(401);
      expect(await status({ ...own, Authorization: 'Bearer tml-other' }), path).toBe(401);
      expect(await status({ ...bearer, 'X-API-Key': 'tml-other' }), path).toBe(401);
      expect(await status({ ...own, Authorization: 'Basic bWU6b3RoZXI=' }), path).toBe(200);
    }
    const two = { ...own, Authorization: `Bearer ${OPERATOR}` };
    const answer = await rawRequest(`${server.api.url}/adapters`, { headers: two });
    expect(answer.text).toContain('different keys');
  });
});
