export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * Prometheus text in the OpenMetrics format, where a counter is described without its suffix, and an end is marked. The
 * library's own mode renames the counters of its registry for good, so that the other format would lose their suffix.
 */
export function toOpenMetrics(text: string): string {
  const described = text.replace(
    /^# HELP (\S+)_total (.*)\n# TYPE \1_total counter$/gm,
    (_, name: string, help: string) => `# HELP ${name} ${help}\n# TYPE ${name} counter`,
  );
  return `${described.replace(/\n{2,}/g, '\n').trimEnd()}\n# EOF\n`;
}
