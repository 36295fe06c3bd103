import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRedis } from '../support/servers/test-redis.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

/** What a collector receives, of the JSON form of OTLP. */
interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly OtlpAttribute[];
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}
type ReceivedSpan = OtlpSpan & { readonly role: string | undefined; readonly service: string | undefined };

const needsRedis = TestRedis.program === undefined ? ' (skipped: needs redis-server on the PATH)' : '';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';
const [SERVER, CLIENT, CONSUMER] = [2, 3, 5];

describe.skipIf(TestRedis.program === undefined)(`traces${needsRedis}`, () => {
  const spans: ReceivedSpan[] = [];
  let collector: Server;
  let redis: TestRedis;
  let api: TestServer;
  let worker: TestServer;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (request.url === '/v1/traces') receive(JSON.parse(body) as OtlpRequest);
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    redis = await TestRedis.create();
    const env = {
      REDIS_URL: redis.url,
      LOG_LEVEL: 'log',
      LOG_FORMAT: 'json',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_SERVICE_NAME: 'thinker-test',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    };
    api = await TestServer.start({ ready: 'healthz', env: { ...env, ROLE: 'api', ENGINE: '', ENGINE_THREADS: '' } });
    worker = await TestServer.start({ joins: api, env: { ...env, ROLE: 'worker' } });
  });
  afterAll(async () => {
    await worker.stop();
    await api.stop();
    await redis.remove();
    collector.close();
  });

  function receive({ resourceSpans }: OtlpRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const of = (name: string) => resource.attributes.find(({ key }) => key === name)?.value.stringValue;
      const [role, service] = [of('thinker.role'), of('service.name')];
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, role, service }))));
    }
  }

  it('follow a request through the API, the queue, the worker and the engine to its result', async () => {
    const traceparent = `00-${TRACE_ID}-${CLIENT_SPAN}-01`;
    const answer = await fetch(`${api.api.url}/generate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', traceparent },
      body: JSON.stringify({ prompt: 'a', max_tokens: 2 }),
    });
    expect(answer.status).toBe(200);
    await api.api.get('/healthz');
    const mine = () => spans.filter(({ traceId }) => traceId === TRACE_ID);
    const names = [
      'POST /generate',
      'queue generate',
      'process generate',
      'compute',
      'engine generate',
      'store result',
    ];
    await waitFor('the spans', () => names.every((name) => mine().some((span) => span.name === name)));

    const [post, queue, process, compute, engine, store] = names.map((name) => {
      const found = mine().filter((span) => span.name === name);
      expect(found).toHaveLength(1);
      return found[0]!;
    });
    expect(post).toMatchObject({ parentSpanId: CLIENT_SPAN, role: 'api', kind: SERVER, service: 'thinker-test' });
    expect(queue).toMatchObject({ parentSpanId: post!.spanId, role: 'worker' });
    expect(process).toMatchObject({ parentSpanId: post!.spanId, role: 'worker', kind: CONSUMER });
    expect(compute).toMatchObject({ parentSpanId: process!.spanId });
    expect(engine).toMatchObject({ parentSpanId: compute!.spanId, kind: CLIENT });
    expect(store).toMatchObject({ parentSpanId: process!.spanId });
    expect(post!.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 200 } });
    expect(post!.attributes).toContainEqual({ key: 'http.route', value: { stringValue: '/generate' } });
    // Probes, sweeps and heartbeats are no requests of anybody.
    expect(spans.filter(({ traceId }) => traceId !== TRACE_ID)).toEqual([]);
    expect(api.log).toContain(`"trace_id":"${TRACE_ID}"`);
  });
});
