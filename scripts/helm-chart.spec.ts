import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { ENV_SCHEMA } from '../src/config/environment/env-schema.js';
import { helmIsMissing, lint, type Manifest, render } from '../test/support/kubernetes/helm.js';
import { manifestFaults } from '../test/support/kubernetes/manifest-faults.js';

/** docker/helm/thinker: that Helm accepts it, that Kubernetes would accept what it makes, and that its settings exist. */

const folder = path.join(import.meta.dirname, '..', 'docker', 'helm', 'thinker');
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');

interface Values {
  readonly secret: { readonly required: string[]; readonly optional: string[] };
  readonly settings: object;
  readonly api: { readonly settings: object };
  readonly worker: { readonly settings: object };
}

const EVERYTHING = {
  image: { pullSecrets: [{ name: 'registry' }] },
  settings: { BASE_MODELS: 'one,two', SHUTDOWN_GRACE_S: 100, ALLOW_NO_KEYS: false },
  api: { settings: { PUBLIC_URL: 'https://thinker.example.com' } },
  worker: {
    settings: { ENGINE_THREADS: 8 },
    surge: true,
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
  },
  ingress: { enabled: true, className: 'nginx', tlsSecret: 'thinker-tls' },
  persistence: { data: { storageClass: 'shared' }, models: { enabled: false } },
  autoscaling: { enabled: true },
  networkPolicy: { apiFrom: [{ podSelector: {} }] },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  podAnnotations: { team: 'ml' },
};
const NOTHING = {
  persistence: { data: { enabled: false }, models: { existingClaim: 'models' } },
  migrations: { enabled: false },
  disruptionBudget: { enabled: false },
  networkPolicy: { enabled: false },
};

interface Variable {
  readonly name: string;
  readonly value?: string;
}
interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: object;
  readonly containers: readonly { readonly env: readonly Variable[]; readonly securityContext: object }[];
}

const podsOf = (manifests: readonly Manifest[]) =>
  manifests.flatMap(({ metadata, spec }) => {
    const pod = (spec as { template?: { spec: PodSpec } } | undefined)?.template?.spec;
    return pod === undefined ? [] : [{ name: metadata.name, pod }];
  });

describe('settings of the chart', () => {
  it('exist', () => {
    const { secret, settings, api, worker } = load(read('values.yaml')) as Values;
    const inTemplates = readdirSync(path.join(folder, 'templates')).flatMap((name) =>
      [...read(`templates/${name}`).matchAll(/(?:- name: |settings\.|key: )([A-Z][A-Z0-9_]+)\b/g)].map(
        ([, one]) => one!,
      ),
    );
    const named = [
      ...secret.required,
      ...secret.optional,
      ...[settings, api.settings, worker.settings].flatMap((given) => Object.keys(given)),
      ...inTemplates,
    ];
    expect(inTemplates).toEqual(expect.arrayContaining(['ROLE', 'DATABASE_URL', 'METRICS_KEY', 'SHUTDOWN_GRACE_S']));
    expect(named.filter((name) => !(name in ENV_SCHEMA))).toEqual([]);
  });

  it('are of the version of the service', () => {
    const { version } = JSON.parse(read('../../../package.json')) as { version: string };
    expect((load(read('Chart.yaml')) as { appVersion: string }).appVersion).toBe(version);
  });
});

describe.skipIf(helmIsMissing)('the chart (needs helm, or scripts/helm-env.sh)', () => {
  const sets = { defaults: {}, everything: EVERYTHING, nothing: NOTHING };
  let rendered: Record<keyof typeof sets, Manifest[]>;

  beforeAll(() => {
    const { defaults, everything, nothing } = sets;
    rendered = { defaults: render(defaults), everything: render(everything), nothing: render(nothing) };
  });

  it.each(Object.entries(sets))('passes helm lint with %s', (_, values) => {
    const { accepted, output } = lint(values);
    expect(accepted, output).toBe(true);
  });

  it('makes objects that Kubernetes knows', async () => {
    const kinds = new Set(rendered.everything.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      ['Deployment', 'Ingress', 'Job', 'NetworkPolicy', 'PersistentVolumeClaim', 'PodDisruptionBudget'].concat([
        'ScaledObject',
        'Service',
        'ServiceAccount',
        'ServiceMonitor',
      ]),
    );
    expect(await manifestFaults(Object.values(rendered).flat())).toEqual([]);
  });

  it('would be found at fault', async () => {
    const [deployment] = rendered.defaults;
    const withSpec = (more: object) => ({ ...deployment!, spec: { ...(deployment!.spec as object), ...more } });
    expect((await manifestFaults([withSpec({ strategies: {} })])).join()).toMatch(
      /strategies.* does not exist in type/,
    );
    expect((await manifestFaults([withSpec({ replicas: 'two' })])).join()).toMatch(/replicas must be integer/);
  });

  it('lets no container be root, or write to its own files', () => {
    const pods = podsOf(rendered.everything);
    expect(pods.map(({ name }) => name).sort()).toEqual(['thinker-api', 'thinker-migrations', 'thinker-worker']);
    for (const { pod } of pods) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('gives each role its settings, and time to end', () => {
    const [worker] = podsOf(rendered.everything).filter(({ name }) => name === 'thinker-worker');
    const env = new Map(worker!.pod.containers[0]!.env.map(({ name, value }) => [name, value]));
    expect(env.get('ROLE')).toBe('worker');
    expect(env.get('ENGINE_THREADS')).toBe('8');
    expect(env.get('SHUTDOWN_GRACE_S')).toBe('100');
    expect(env.has('PUBLIC_URL')).toBe(false);
    // Those 100 s, 15 s to write states, and those of preStop.
    expect(worker!.pod.terminationGracePeriodSeconds).toBe(125);
  });

  it.each([
    [{ workers: { replicas: 2 } }, 'workers'],
    [{ settings: { PORT: 9000 } }, 'PORT'],
    [{ settings: { 'base-models': 'x' } }, 'base-models'],
    [{ persistence: { data: { size: 'much' } } }, 'size'],
  ])('refuses %j', (values, named) => {
    const { accepted, output } = lint(values);
    expect(accepted).toBe(false);
    expect(output).toContain(named);
  });
});
