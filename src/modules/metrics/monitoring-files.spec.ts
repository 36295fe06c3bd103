import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type SyntaxNodeRef } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { load } from 'js-yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as probes from '../../common/probes.js';
import { type WorkCounts } from '../../compute/compute-backend.js';
import { NO_USAGE } from '../../domain/usage.js';
import { FakeBackend } from '../../../test/support/fake-backend/fake-backend.js';
import { measureEngine } from './instruments/engine-metrics.js';
import { measureOperations } from './instruments/operation-metrics.js';
import { measureRequests } from './instruments/request-metrics.js';
import { measureService, type ServiceSources } from './instruments/service-metrics.js';
import { measureStates } from './instruments/state-metrics.js';

const docker = path.join(import.meta.dirname, '..', '..', '..', 'docker');
const folder = path.join(docker, 'monitoring');
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

/** What a rule or a panel shows, with the labels that its texts name. */
interface Query {
  readonly where: string;
  readonly expr: string;
  readonly named: readonly string[];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const { groups } = load(read('alerts.yml')) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: readonly Panel[] };

const chart = load(readFileSync(path.join(docker, 'helm', 'thinker', 'values.yaml'), 'utf8')) as {
  readonly autoscaling: { readonly query: string };
};

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
const queries: Query[] = [
  ...rules.map(({ alert, expr, annotations }) => ({
    where: alert,
    expr,
    named: namesIn(Object.values(annotations).join(' '), /\$labels\.(\w+)/g),
  })),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      where: title,
      expr: expr.replaceAll('$__rate_interval', '5m'),
      named: namesIn(legendFormat, /\{\{(\w+)\}\}/g),
    })),
  ),
  { where: 'autoscaling of the chart', expr: chart.autoscaling.query, named: [] },
];

/** Given to every series by Prometheus, and metrics of its own. */
const TARGET_LABELS = ['job', 'instance'];
const OF_PROMETHEUS = new Map([['up', new Set(TARGET_LABELS)]]);

let known: ReadonlyMap<string, ReadonlySet<string>>;
const ends: (() => void)[] = [];

/** Every series that a scrape can show, by name, with its labels: all has happened once. */
async function seriesOfEverything(): Promise<Map<string, Set<string>>> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureService(registry, FULL_SERVICE);
  ends.push(measureRequests(registry), measureStates(registry), measureOperations(registry, 1));
  ends.push(measureEngine(registry, new UsedBackend(), 1));
  probes.requestAnswered.publish({ method: 'GET', route: null, status: 200, seconds: 0 });
  probes.operationClaimed.publish({ kind: 'generate', waitedS: 0 });
  const settled = { kind: 'generate', owner: '', seconds: 0, usage: NO_USAGE } as const;
  probes.operationSettled.publish({ ...settled, errorCode: 'failed_on_purpose' });
  probes.operationReturned.publish({ reason: 'engine lost' });
  const series = new Map<string, Set<string>>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const labelNames = [...namesIn(labels, /(\w+)="/g), ...TARGET_LABELS];
    series.set(name, new Set([...(series.get(name) ?? []), ...labelNames]));
  }
  return series;
}

/** A backend of whose time a key has had some. */
class UsedBackend extends FakeBackend {
  override async countWork(): Promise<WorkCounts> {
    return { ...(await super.countWork()), ownerMs: new Map([['key_1', 1]]) };
  }
}

const FULL_SERVICE: ServiceSources = {
  log: { countOpen: () => Promise.resolve([{ kind: 'generate', status: 'pending', count: 1, oldestS: 1 }]) },
  adapters: { countAllLive: () => Promise.resolve({ live: 1, diverged: 0 }) },
  workers: { listAlive: () => Promise.resolve([]) },
  storage: { condition: () => Promise.resolve({ writable: true, freeBytes: 1 }) },
  polls: { openPolls: 0 },
  bodies: { bytes: 0 },
  sessions: () => ({ busy: 0, idle: 1, waiting: 0 }),
};

beforeAll(async () => {
  known = new Map([...(await seriesOfEverything()), ...OF_PROMETHEUS]);
});
afterAll(() => ends.forEach((end) => end()));

/** What is wrong with a query: it does not parse, or names a metric or a label that does not exist. */
function faultsOf({ expr, named }: Query): string[] {
  const text = ({ from, to }: SyntaxNodeRef) => expr.slice(from, to);
  const faults: string[] = [];
  const labels = new Set<string>();
  const asked: string[] = [...named];
  let metric = '';
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.type.isError) faults.push(`does not parse at ${node.from}`);
      if (node.name === 'Identifier') {
        metric = text(node);
        if (!known.has(metric)) faults.push(`no metric ${metric}`);
        for (const label of known.get(metric) ?? []) labels.add(label);
      } else if (node.name === 'LabelName') {
        const isMatcher = node.node.parent?.name !== 'GroupingLabels';
        if (!isMatcher) asked.push(text(node));
        else if (!known.get(metric)?.has(text(node))) faults.push(`${metric} has no label ${text(node)}`);
      }
    },
  });
  return [...faults, ...asked.filter((label) => !labels.has(label)).map((label) => `no label ${label}`)];
}

describe('alert rules, dashboard and autoscaling', () => {
  it('query metrics and labels that exist', () => {
    expect(queries.length).toBeGreaterThan(30);
    expect(queries.flatMap((query) => faultsOf(query).map((fault) => `${query.where}: ${fault}`))).toEqual([]);
  });

  it.each([
    ['sum(rate(thinker_tokens_total[5m])', 'does not parse'],
    ['thinker_tokens_sum', 'no metric thinker_tokens_sum'],
    ['thinker_tokens_total{kind="prompt"}', 'thinker_tokens_total has no label kind'],
    ['sum by (kind) (thinker_tokens_total)', 'no label kind'],
  ])('would be found at fault with %s', (expr, fault) => {
    expect(faultsOf({ where: '', expr, named: [] }).join()).toContain(fault);
  });

  it('have alerts with names of their own, a severity, a time and texts', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.labels.severity).toMatch(/^(warning|critical)$/);
      expect(rule.for ?? '0m').toMatch(/^\d+[smh]$/);
      expect(Object.keys(rule.annotations)).toEqual(['summary', 'description']);
    }
  });
});
