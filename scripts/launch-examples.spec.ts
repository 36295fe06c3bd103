import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENV_SCHEMA } from '../src/config/environment/env-schema.js';

/** docker/torch: that the examples set what somebody reads, and that launch.sh runs torchrun as it says. */

const root = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const launchScript = path.join(root, 'docker/torch/launch.sh');
const SHELL_SCRIPTS = ['docker/torch/launch.sh', 'docker/torch/slurm.sbatch'];
const jobSetDocuments = loadAll(read('docker/torch/jobset.yaml')) as Json[];

interface Json {
  readonly [key: string]: unknown;
}

/** Variables of other programs, with the one that reads each. */
const OTHERS: Readonly<Record<string, string>> = {
  PYTHONPATH: 'Python',
  TORCH_DISABLE_SHARE_RDZV_TCP_STORE: 'torchrun; the ranks see its effect, TORCHELASTIC_USE_AGENT_STORE',
  GLOO_SOCKET_IFNAME: 'gloo',
  NCCL_SOCKET_IFNAME: 'NCCL',
};

/** Those that a rank reads: environment.py is the only file of the worker that reads any. */
const RANK_VARIABLES = [...read('workers/torch/thinker_worker/environment.py').matchAll(/"([A-Z][A-Z_]{3,})"/g)].map(
  ([, name]) => name!,
);

function variablesOf(file: string): string[] {
  const lines = read(file).split('\n');
  const exported = lines
    .filter((line) => /^\s*export /.test(line))
    .flatMap((line) => [...line.matchAll(/(?<=\s)([A-Z][A-Z_]+)(?==|$)/g)].map(([name]) => name));
  const listed = [...read(file).matchAll(/- name: ([A-Z][A-Z_]+)$/gm)].map(([, name]) => name!);
  const inJson = [...read(file).matchAll(/"([A-Z][A-Z_]{3,})":/g)].map(([, name]) => name!);
  return [...exported, ...listed, ...inJson];
}

describe('environment of the launch examples', () => {
  it.each([...SHELL_SCRIPTS, 'docker/torch/jobset.yaml', 'docker/torch/ray_ranks.py'])(
    '%s sets only what the worker, torch or a library reads',
    (file) => {
      const variables = variablesOf(file);
      expect(variables.length).toBeGreaterThan(0);
      expect(variables.filter((name) => !RANK_VARIABLES.includes(name) && !(name in OTHERS))).toEqual([]);
    },
  );

  it('reads the control link of the worker from its source', () => {
    expect(RANK_VARIABLES).toEqual(
      expect.arrayContaining(['THINKER_CONTROL_URL', 'THINKER_CONTROL_TOKEN', 'THINKER_CONTROL_CA', 'RANK']),
    );
  });

  it('docs/distributed.md names only variables that somebody reads', () => {
    const named = [...read('docs/distributed.md').matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)].map(
      ([, name]) => name!,
    );
    const known = new Set([...RANK_VARIABLES, ...Object.keys(OTHERS), ...Object.keys(ENV_SCHEMA)]);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('options of launch.sh', () => {
  const known = [...read('docker/torch/launch.sh').matchAll(/^ {2}(--[a-z-]+)\) /gm)].map(([, name]) => name!);

  it('are described in its head', () => {
    const described = [...read('docker/torch/launch.sh').matchAll(/^# {3}(--[a-z-]+) /gm)].map(([, name]) => name!);
    expect([...described].sort()).toEqual([...known].sort());
  });

  it('are those that the JobSet gives', () => {
    const given = [...read('docker/torch/jobset.yaml').matchAll(/^ +- (--[a-z-]+)$/gm)].map(([, name]) => name!);
    expect(given.length).toBeGreaterThan(3);
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are those that the Slurm script gives', () => {
    const [, command] = read('docker/torch/slurm.sbatch').split('exec srun --kill-on-bad-exit=0');
    const given = [...command!.matchAll(/ (--[a-z-]+) /g)].map(([, name]) => name!);
    expect(given.length).toBeGreaterThan(4);
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });
});

/**
 * Fields that the example uses, with their types, of jobset.x-k8s.io/v1alpha2 (JobSet 0.9) and of the kinds of Kubernetes in
 * it. `any` ends where an example may say what it likes.
 */
const CONTAINER = {
  name: 'string',
  image: 'string',
  args: ['string'],
  env: [{ name: 'string', value: 'string' }],
  ports: [{ name: 'string', containerPort: 'number' }],
  resources: { limits: 'any' },
  volumeMounts: [{ name: 'string', mountPath: 'string', readOnly: 'boolean' }],
};
const VOLUME = {
  name: 'string',
  secret: { secretName: 'string', defaultMode: 'number', items: [{ key: 'string', path: 'string' }] },
  persistentVolumeClaim: { claimName: 'string', readOnly: 'boolean' },
  emptyDir: { medium: 'string', sizeLimit: 'string' },
};
const POD_SPEC = {
  restartPolicy: 'string',
  terminationGracePeriodSeconds: 'number',
  automountServiceAccountToken: 'boolean',
  enableServiceLinks: 'boolean',
  securityContext: { runAsNonRoot: 'boolean', runAsUser: 'number', fsGroup: 'number' },
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'string', labelSelector: 'any' }],
    },
  },
  containers: [CONTAINER],
  volumes: [VOLUME],
};
const JOB_SPEC = {
  completionMode: 'string',
  completions: 'number',
  parallelism: 'number',
  backoffLimit: 'number',
  template: { metadata: { labels: 'any' }, spec: POD_SPEC },
};
const PEERS = [{ podSelector: 'any', namespaceSelector: 'any' }];
const HEAD = { apiVersion: 'string', kind: 'string', metadata: { name: 'string' } };
const SCHEMAS: Readonly<Record<string, unknown>> = {
  JobSet: {
    ...HEAD,
    spec: {
      network: { enableDNSHostnames: 'boolean', publishNotReadyAddresses: 'boolean', subdomain: 'string' },
      failurePolicy: { maxRestarts: 'number' },
      replicatedJobs: [{ name: 'string', replicas: 'number', template: { spec: JOB_SPEC } }],
    },
  },
  Service: {
    ...HEAD,
    spec: {
      selector: 'any',
      publishNotReadyAddresses: 'boolean',
      ports: [{ name: 'string', port: 'number', targetPort: 'number' }],
    },
  },
  NetworkPolicy: {
    ...HEAD,
    spec: {
      podSelector: 'any',
      policyTypes: ['string'],
      ingress: [{ from: PEERS }],
      egress: [{ to: PEERS, ports: [{ port: 'number', protocol: 'string' }] }],
    },
  },
};

/** Where the value is not of the schema: a field that it does not have, or of another type. */
function faults(value: unknown, schema: unknown, path: string): string[] {
  if (schema === 'any') return [];
  if (typeof schema === 'string') return typeof value === schema ? [] : [`${path}: not a ${schema}`];
  if (Array.isArray(schema)) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, i) => faults(item, schema[0], `${path}[${i}]`));
  }
  const fields = schema as Json;
  return Object.entries(value as Json).flatMap(([key, item]) =>
    key in fields ? faults(item, fields[key], `${path}.${key}`) : [`${path}.${key}: no such field`],
  );
}

const inside = (value: unknown, ...keys: string[]): unknown =>
  keys.reduce((found, key) => (found as Json | undefined)?.[key], value);

describe('jobset.yaml', () => {
  it.each(jobSetDocuments.map((document) => [document.kind as string, document] as const))(
    'has a valid %s',
    (kind, document) => {
      expect(faults(document, SCHEMAS[kind], kind)).toEqual([]);
    },
  );

  it('gives a pod to each host that launch.sh is told of, at the name of the rendezvous', () => {
    const jobSet = jobSetDocuments[0];
    const job = inside(jobSet, 'spec', 'replicatedJobs', '0');
    const args = inside(job, 'template', 'spec', 'template', 'spec', 'containers', '0', 'args') as string[];
    const option = (name: string) => args[args.indexOf(name) + 1];
    expect(Number(option('--hosts'))).toBe(inside(job, 'template', 'spec', 'completions'));
    const name = String(inside(jobSet, 'metadata', 'name'));
    expect(option('--rendezvous')).toBe(`${name}-${String(inside(job, 'name'))}-0-0.${name}:29400`);
  });
});

describe('launch.sh', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'thinker-launch-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SHELL_SCRIPTS)('%s is valid bash', (file) => {
    execFileSync('bash', ['-n', path.join(root, file)]);
  });

  it.each([
    [['--hosts', '2'], 'needs --hosts, --host-index, --rendezvous and --token-file'],
    [['--host', '2'], 'unknown option --host'],
    [['--hosts'], '--hosts needs a value'],
  ])('says what is wrong with %j', async (options, message) => {
    const stderr = await new Promise((resolve) => {
      execFile(launchScript, options, (error, _, text) => resolve(`${error?.code} ${text}`));
    });
    expect(stderr).toContain(`2 launch.sh: ${message}`);
  });

  /** Runs launch.sh with a stand-in for Python, a bash script. Its standard output is what the stand-in prints. */
  function launch(script: string, ...options: string[]) {
    const python = path.join(folder, 'python');
    writeFileSync(python, `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(python, 0o755);
    const token = path.join(folder, 'token');
    writeFileSync(token, 'secret\n');
    const group = ['--hosts', '2', '--host-index', '0', '--rendezvous', 'a:1', '--token-file', token];
    const env = { ...process.env, THINKER_CONTROL_URL: 'tcp://thinker:7070' };
    return spawn(launchScript, [...group, ...options, '--python', python], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  it('runs torchrun with the token of the file, until it is told to stop', async () => {
    const child = launch('echo "$THINKER_CONTROL_TOKEN $TORCH_DISABLE_SHARE_RDZV_TCP_STORE $*"\nexec sleep 60');
    const ended = once(child, 'close');
    const [data] = (await once(child.stdout, 'data')) as [Buffer];
    const line = data.toString();
    expect(line.split(' ').slice(0, 4)).toEqual(['secret', '1', '-m', 'torch.distributed.run']);
    expect(line).toContain('--nnodes=2 --nproc-per-node=gpu');
    expect(line).toContain('--rdzv-endpoint=a:1 --rdzv-id=thinker --rdzv-conf=is_host=true -m thinker_worker');
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
  });

  it('kills a torchrun that does not hear it, and the ranks in their own sessions', async () => {
    const script = "trap '' TERM\nsetsid bash -c 'trap \"\" TERM; echo rank; sleep 300; true' &\nwait";
    const child = launch(script, '--stop-timeout', '1');
    // Standard output closes when the rank has ended too.
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
  });
});
