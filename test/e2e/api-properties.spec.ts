import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiDocument, fetchDocument, type Route, routesOf } from './support/api-document.js';
import { randomRequests, type RandomRequest } from './support/random-requests.js';
import { TestServer } from './support/server.js';

/**
 * Random requests over the whole API description, the same in every run: each answer has a status that its route
 * documents (`default` does not count), none is a failure of the server's, and refusals have the shape of an error.
 */
const SEED = 20_261_128;
const RUNS_PER_ROUTE = 12;
const KEY = 'tml-random';
/** Streams and long polls are left after this; nothing else takes so long. */
const PATIENCE_MS = 20_000;

describe.each([
  ['without keys', undefined],
  ['with keys', KEY],
])('a server %s', (_, key) => {
  let server: TestServer;
  let document: ApiDocument;
  beforeAll(async () => {
    server = await TestServer.start({ env: { ...(key === undefined ? {} : { API_KEYS: key }), LONG_POLL_S: '1' } });
    document = await fetchDocument(server);
    await send(server, 'POST', {
      path: '/adapters',
      headers: { 'Content-Type': 'application/json', ...(key === undefined ? {} : { 'X-API-Key': key }) },
      body: JSON.stringify({ model_id: 'my-model', lora_config: { rank: 2 } }),
    });
  });
  afterAll(() => server.stop());

  it('answers every route with what it documents, and never with a failure of its own', async () => {
    const problems = new Map<string, string>();
    for (const [name, route] of routesOf(document)) {
      const [method = '', path = ''] = name.split(' ');
      const requests = fc.sample(randomRequests(document, route, path, key), { seed: SEED, numRuns: RUNS_PER_ROUTE });
      for (const request of requests) {
        const problem = await problemOf(server, method, request, route);
        if (problem !== null) problems.set(`${name} ${problem}`, JSON.stringify(request).slice(0, 400));
      }
    }
    expect([...problems].map((one) => one.join(' after '))).toEqual([]);
  });

  it('refuses methods that a path does not have', async () => {
    const wrong: string[] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST']) {
        if (method.toLowerCase() in methods || path.includes('{')) continue;
        const headers: Record<string, string> = key === undefined ? {} : { 'X-API-Key': key };
        const { status } = await send(server, method, { path, headers });
        // OPTIONS and /generate's likes aside, another route may take what looks like a parameter of it.
        const isClosed = status === 401 && path.startsWith('/admin/'); // to all but operators
        if (status !== 405 && status !== 404 && !isClosed) wrong.push(`${method} ${path} ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is well afterwards', async () => {
    expect(server.isRunning).toBe(true);
    expect((await send(server, 'GET', { path: '/readyz', headers: {} })).status).toBe(200);
    expect(server.log).not.toMatch(/error_[0-9A-Z]{26}/);
  });
});

async function problemOf(
  server: TestServer,
  method: string,
  request: RandomRequest,
  { responses }: Route,
): Promise<string | null> {
  const { status, text } = await send(server, method, request);
  // 504: the random deadline was short.
  if (status >= 500 && status !== 504) return `${status}: ${text.slice(0, 200)}`;
  // A path that a random name has made another one of.
  if (!(status in responses) && !(status === 404 && text.includes('route_not_found'))) return `${status} undocumented`;
  if (status < 400 || status === 408 || request.path.startsWith('/hf/')) return null;
  const { error } = JSON.parse(text) as {
    error?: { code?: unknown; details?: { error_code?: unknown }; message?: unknown };
  };
  const code = error?.code ?? error?.details?.error_code; // the latter in Anthropic's form
  return typeof code === 'string' && typeof error?.message === 'string' ? null : `${status} without an error`;
}

async function send(
  server: TestServer,
  method: string,
  { path, headers, body }: RandomRequest,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(server.api.url + path, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status === 200 && /^\/events\b/.test(path)) {
    // It ends when the client goes.
    await answer.body?.cancel();
    return { status: 200, text: '' };
  }
  return { status: answer.status, text: await answer.text() };
}
