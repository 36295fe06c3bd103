import { expect, it } from 'vitest';
import { toOpenMetrics } from './open-metrics.js';

it('describes counters without their suffix, and nothing else', () => {
  const text = [
    '# HELP requests_total Of clients.\n# TYPE requests_total counter\nrequests_total{route="/"} 2',
    '# HELP handles_total A gauge may be called so.\n# TYPE handles_total gauge\nhandles_total 1\n',
  ].join('\n\n');
  expect(toOpenMetrics(text)).toBe(
    [
      '# HELP requests Of clients.\n# TYPE requests counter\nrequests_total{route="/"} 2',
      '# HELP handles_total A gauge may be called so.\n# TYPE handles_total gauge\nhandles_total 1\n# EOF\n',
    ].join('\n'),
  );
});
