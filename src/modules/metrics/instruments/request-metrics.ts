import { Counter, Histogram, type Registry } from 'prom-client';
import { requestAnswered } from '../../../common/probes.js';

/** Also the longest polls. */
const SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

/** Requests are told apart by the pattern of their route: their paths have ids. */
export function measureRequests(registry: Registry): () => void {
  const registers = [registry];
  const answered = new Counter({
    name: 'thinker_http_requests_total',
    help: 'HTTP requests by method, route pattern and status; 499 means that the client closed the connection.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'thinker_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its response, long polls included.',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  });
  return requestAnswered.subscribe(({ method, route, status, seconds: elapsed }) => {
    const labels = { method, route: route ?? 'none' };
    answered.inc({ ...labels, status });
    seconds.observe(labels, elapsed);
  });
}
