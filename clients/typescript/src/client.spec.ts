import { describe, expect, it } from 'vitest';
import {
  ApiError,
  AuthenticationError,
  ConnectionError,
  InvalidRequestError,
  NotFoundError,
  RateLimitError,
  ThinkerClient,
} from './index.js';

/* Against a server that says what the test wants; test/e2e/client-package.spec.ts has a real one. */

interface Sent {
  readonly route: string;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

type Reply = (sent: Sent, signal: AbortSignal) => Response | Promise<Response>;

function fakeServer(reply: Reply, options: { retryForMs?: number } = {}) {
  const sent: Sent[] = [];
  const client = new ThinkerClient({
    baseUrl: 'http://thinker.test/',
    apiKey: 'sk-test',
    ...options,
    fetch: async (request) => {
      const text = await request.text();
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      const route = `${request.method} ${new URL(request.url).pathname}`;
      const one = { route, body, headers: request.headers };
      sent.push(one);
      return reply(one, request.signal);
    },
  });
  const routes = () => sent.map(({ route }) => route);
  return { client, sent, routes };
}

const json = (body: unknown, status = 200, headers = {}) => Response.json(body, { status, headers });
const noted = (message: string) => ({ error: { code: 'x', category: 'user', message, details: {} }, status_code: 429 });
const chat = [[{ role: 'user', content: 'Hello' }]];

/** Accepts everything; a request is done when it is asked for. */
const accepting: Reply = ({ route, body }) =>
  route === 'POST /retrieve_future'
    ? json({ request_id: body['request_id'], status: 'completed', kind: 'forward_backward', loss: 1 })
    : json({ request_id: `future of ${String(body['seq_id'])}`, model_id: 'mine' });

describe('an operation', () => {
  it('is sent with the key and a number, and resolves with its result', async () => {
    const { client, sent } = fakeServer(accepting);
    const result = await client.adapter('mine').forwardBackward({ data: chat, train_on: 'assistant' });
    const [first, second] = sent;
    expect(first).toMatchObject({
      route: 'POST /fwdbwd',
      body: { model_id: 'mine', data: chat, train_on: 'assistant' },
    });
    expect(first!.headers.get('X-API-Key')).toBe('sk-test');
    expect(second!.body['request_id']).toBe(`future of ${String(first!.body['seq_id'])}`);
    expect(result.loss).toBe(1);
  });

  it('is polled until it is settled', async () => {
    let polls = 0;
    const { client } = fakeServer((sent, signal) => {
      if (sent.route === 'POST /retrieve_future' && ++polls < 3) return json({ status: 'running' }, 202);
      return accepting(sent, signal);
    });
    expect((await client.adapter('mine').optimStep()).status).toBe('completed');
    expect(polls).toBe(3);
  });

  it('keeps its position among those of its adapter, and waits for no result before it', async () => {
    const accepted: (() => void)[] = [];
    const { client, sent, routes } = fakeServer(async (one, signal) => {
      if (one.route === 'POST /fwdbwd') await new Promise<void>((resolve) => accepted.push(resolve));
      return accepting(one, signal);
    });
    const adapter = client.adapter('mine');
    const all = Promise.all([
      adapter.forwardBackward({ data: chat }),
      adapter.optimStep(),
      client.adapter('mine').forwardBackward({ data: chat }),
      client.adapter('other').optimStep(),
    ]);
    await expect.poll(() => accepted.length).toBe(1);
    await expect.poll(routes).toEqual(['POST /fwdbwd', 'POST /optim_step', 'POST /retrieve_future']); // the other adapter's
    accepted[0]!();
    await expect.poll(() => accepted.length).toBe(2);
    accepted[1]!();
    await all;
    const mine = sent.filter(({ body }) => body['model_id'] === 'mine');
    expect(mine.map(({ route }) => route)).toEqual(['POST /fwdbwd', 'POST /optim_step', 'POST /fwdbwd']);
    const numbers = mine.map(({ body }) => Number(body['seq_id']));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(3);
  });

  it('that failed leaves those behind it alone', async () => {
    const { client } = fakeServer((sent, signal) =>
      sent.route === 'POST /fwdbwd' ? json(noted('No.'), 400) : accepting(sent, signal),
    );
    const [pass, step] = await Promise.allSettled([
      client.adapter('mine').forwardBackward({ data: [] }),
      client.adapter('mine').optimStep(),
    ]);
    expect([pass.status, step.status]).toEqual(['rejected', 'fulfilled']);
  });
});

describe('a repeat', () => {
  it('has the number of the first request when the connection broke', async () => {
    let attempts = 0;
    const { client, sent } = fakeServer((one, signal) => {
      if (one.route === 'POST /fwdbwd' && ++attempts === 1) throw new TypeError('fetch failed');
      return accepting(one, signal);
    });
    await client.adapter('mine').forwardBackward({ data: chat });
    const [first, second] = sent;
    expect(second).toMatchObject({ route: 'POST /fwdbwd', body: first!.body });
  });

  it('comes after Retry-After when the server is overloaded', async () => {
    let attempts = 0;
    const { client, routes } = fakeServer((one, signal) =>
      one.route === 'POST /adapters' && ++attempts < 3
        ? json(noted('Too many.'), attempts === 1 ? 429 : 503, { 'Retry-After': '0' })
        : accepting(one, signal),
    );
    await client.adapters.create({ model_id: 'mine' });
    expect(routes()).toEqual(['POST /adapters', 'POST /adapters', 'POST /adapters']);
  });

  it('is not made of what might then happen twice', async () => {
    const { client, routes } = fakeServer(() => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    });
    const failure = client.adapters.create({ model_id: 'mine' });
    await expect(failure).rejects.toThrow(ConnectionError);
    await expect(failure).rejects.toThrow('http://thinker.test does not respond (connect ECONNREFUSED).');
    expect(routes()).toEqual(['POST /adapters']);
  });

  it('is not made when the time for it is over, or shorter than what the server asks for', async () => {
    const refuse: Reply = () => json(noted('Too many.'), 429, { 'Retry-After': '5' });
    for (const retryForMs of [0, 4000]) {
      const { client, routes } = fakeServer(refuse, { retryForMs });
      await expect(client.models.list()).rejects.toThrow(RateLimitError);
      expect(routes()).toHaveLength(1);
    }
  });
});

describe('an error', () => {
  it('has code, field and remedy in both dialects', async () => {
    const details = { field: 'data[0]', remedy: 'Pass two.', found: 1 };
    const ours = fakeServer(() =>
      json({ error: { code: 'invalid_request', category: 'user', message: 'One?', details }, status_code: 400 }, 400),
    );
    const error = await ours.client.capabilities().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'data[0]',
      remedy: 'Pass two.',
      details,
    });

    const body = { message: 'No.', type: 'not_found_error', param: 'model', code: 'model_not_found' };
    const openAi = fakeServer(() => json({ error: body }, 404));
    const other = await openAi.client.models.get('x').catch((thrown: unknown) => thrown);
    expect(other).toBeInstanceOf(NotFoundError);
    expect(other).toMatchObject({ name: 'NotFoundError', message: 'No.', code: 'model_not_found', param: 'model' });
  });

  it('may be a page of a proxy', async () => {
    const { client } = fakeServer(() => new Response('<h1>Not here</h1>', { status: 401 }));
    const failure = client.models.list();
    await expect(failure).rejects.toThrow(AuthenticationError);
    await expect(failure).rejects.toThrow('status 401 and says: <h1>Not here</h1>');
  });
});

it('takes a server that is not ready for an answer, not for a failure', async () => {
  const checks = { database: { status: 'down' } };
  const { client, routes } = fakeServer(() => json({ status: 'not_ready', checks }, 503));
  expect(await client.readiness()).toEqual({ status: 'not_ready', checks });
  expect(routes()).toEqual(['GET /readyz']);
});

describe('a signal', () => {
  it('gives up the waiting, and cancels what was accepted', async () => {
    const controller = new AbortController();
    const { client, routes, sent } = fakeServer((one, signal) => {
      if (one.route !== 'POST /retrieve_future') return accepting(one, signal);
      controller.abort();
      return Promise.reject(signal.reason as Error);
    });
    const failure = client.adapter('mine').optimStep({}, { signal: controller.signal });
    await expect(failure).rejects.toThrow(controller.signal.reason as Error);
    expect(routes()).toEqual(['POST /optim_step', 'POST /retrieve_future', 'POST /api/v1/cancel_future']);
    expect(sent[2]!.body).toEqual({ request_id: sent[1]!.body['request_id'] });
  });

  it('keeps what was not sent yet from being sent', async () => {
    const { client, routes } = fakeServer(accepting);
    await expect(client.generate({ prompt: 'x' }, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(routes()).toEqual([]);
  });
});

describe('a stream', () => {
  const events = (...texts: string[]) =>
    new Response(texts.join(''), { headers: { 'Content-Type': 'text/event-stream' } });
  const token = (text: string) => `event: token\ndata: ${JSON.stringify({ index: 0, token: 1, text })}\n\n`;

  it('yields the tokens and returns the result', async () => {
    const { client } = fakeServer(() => events(token('a'), token('b'), 'event: done\ndata: {"text":"ab"}\n\n'));
    const stream = client.adapter('mine').stream({ prompt: 'x' });
    expect(await stream.next()).toMatchObject({ done: false, value: { text: 'a' } });
    expect(await stream.next()).toMatchObject({ done: false, value: { text: 'b' } });
    expect(await stream.next()).toEqual({ done: true, value: { text: 'ab' } });
  });

  it('yields the chunks of OpenAI', async () => {
    const { client, sent } = fakeServer(() =>
      events('data: {"id":"1"}\n\n', 'data: {"id":"2"}\n\n', 'data: [DONE]\n\n'),
    );
    const ids: string[] = [];
    for await (const { id } of client.chat.stream({ model: 'base', messages: [] })) ids.push(id);
    expect(ids).toEqual(['1', '2']);
    expect(sent[0]!.body['stream']).toBe(true);
  });

  it('throws the error that it holds, and notices a missing end', async () => {
    const failing = fakeServer(() => events('data: {"error":{"message":"Full.","code":"disk_full"}}\n\n'));
    const chunks = failing.client.completions.stream({ model: 'base', prompt: 'x' });
    const error = await chunks.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ message: 'Full.', code: 'disk_full' });

    const cut = fakeServer(() => events(token('a'))).client.stream({ prompt: 'x' });
    await cut.next();
    await expect(cut.next()).rejects.toThrow(ConnectionError);
  });
});

it('lists page by page, as far as it is read', async () => {
  const { client, routes } = fakeServer(({ route }) =>
    json({ adapters: [{ model_id: 'a' }, { model_id: 'b' }], next_cursor: route ? 'more' : null }),
  );
  const names: string[] = [];
  for await (const { model_id: name } of client.adapters.list()) {
    names.push(name);
    if (names.length === 3) break;
  }
  expect(names).toEqual(['a', 'b', 'a']);
  expect(routes()).toHaveLength(2);
});
