/**
 * Loaded into a server under test (node --import ...?port=<port>): measures how long its event loop stands, and tells
 * it on that port. GET gives {p50, p99, max} in milliseconds since the last one.
 */
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // The histogram holds the time between two looks: what is beyond the resolution is delay.
  const beyond = (nanoseconds) => Math.max(Math.round(nanoseconds / 1e5) / 10 - RESOLUTION_MS, 0);
  const server = createServer((_request, response) => {
    const { max } = delay;
    const answer = { p50: beyond(delay.percentile(50)), p99: beyond(delay.percentile(99)), max: beyond(max) };
    delay.reset();
    response.end(JSON.stringify({ ...answer, rss: Math.round(process.memoryUsage.rss() / 2 ** 20) }));
  });
  server.listen(Number(new URL(import.meta.url).searchParams.get('port')), '127.0.0.1');
  server.unref();
}
