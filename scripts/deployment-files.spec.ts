import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { ENV_SCHEMA } from '../src/config/environment/env-schema.js';
import { Nginx, nginxIsMissing } from '../test/support/servers/nginx.js';
import { freePort } from './lib/owned-process.mjs';

/** docker/: that the settings exist which the examples set, and that the programs accept the files that are for them. */

const docker = path.join(import.meta.dirname, '..', 'docker');
const read = (file: string) => readFileSync(path.join(docker, file), 'utf8');
const UNIT = 'systemd/thinker@.service';
/** Variables of Node and of AWS. */
const OTHERS = ['NODE_ENV', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
const runs = (program: string, option: string) => spawnSync(program, [option]).status === 0;

/** Seconds that a process may take to end after SIGTERM: the grace, and the time in which it writes states (main.ts). */
const STOP_S = ENV_SCHEMA.SHUTDOWN_GRACE_S.default! + 15;

/** Both services take these over. */
interface Compose {
  readonly 'x-service': { readonly stop_grace_period: string };
  readonly 'x-environment': Readonly<Record<string, string>>;
}
const { 'x-service': container, 'x-environment': inCompose } = load(read('compose.yaml')) as Compose;

const inUnit = read(UNIT)
  .split('\n')
  .filter((line) => line.startsWith('Environment='))
  .flatMap((line) => [...line.matchAll(/([A-Z][A-Z_]+)=/g)].map(([, name]) => name!));
const inImage = [...read('Dockerfile').matchAll(/(?<=^ENV .*)\b([A-Z][A-Z_]+)=/gm)].map(([, name]) => name!);

describe('settings of the examples', () => {
  it.each([
    [UNIT, inUnit, 'DATA_DIR'],
    ['compose.yaml', Object.keys(inCompose), 'DATABASE_URL'],
    ['Dockerfile', inImage, 'HF_HOME'],
  ])('%s sets only those that exist', (_, names, one) => {
    expect(names).toContain(one);
    expect(names.filter((name) => !(name in ENV_SCHEMA) && !OTHERS.includes(name))).toEqual([]);
  });

  it('leave a process the time that it takes to end', () => {
    const unit = Number(/^TimeoutStopSec=(\d+)$/m.exec(read(UNIT))?.[1]);
    for (const seconds of [unit, Number.parseInt(container.stop_grace_period, 10)]) {
      expect(seconds).toBeGreaterThan(STOP_S);
    }
  });
});

describe('the image', () => {
  it('is built from all that the build reads', () => {
    const { include } = JSON.parse(readFileSync(path.join(docker, '..', 'tsconfig.build.json'), 'utf8')) as {
      include: string[];
    };
    const folders = include.map((name) => name.split('/')[0]!).filter((name) => name !== 'examples');
    const copied = [...read('Dockerfile').matchAll(/^COPY (\w+) \.\/\1$/gm)].map(([, name]) => name!);
    const sent = [...read('Dockerfile.dockerignore').matchAll(/^!(\w+)$/gm)].map(([, name]) => name!);
    expect(copied).toEqual(expect.arrayContaining(folders));
    expect(sent).toEqual(expect.arrayContaining(folders));
  });
});

describe.skipIf(!runs('systemd-analyze', '--version'))('the systemd unit (needs systemd-analyze)', () => {
  /** What `systemd-analyze verify` finds: it exits with 0 even where it ignores what it does not know. */
  function verify(edit: (unit: string) => string): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'thinker-unit-'));
    const file = path.join(folder, 'thinker@all.service');
    writeFileSync(file, edit(read(UNIT).replace('/usr/bin/node', process.execPath)));
    const { stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return stderr;
  }

  it('is accepted', () => {
    expect(verify((unit) => unit)).toBe('');
  });

  it('would not be with a mistake', () => {
    expect(verify((unit) => unit.replace('ProtectSystem', 'ProtectSistem'))).toContain('ProtectSistem');
  });
});

describe.skipIf(!runs('caddy', 'version'))('the Caddyfile (needs caddy)', () => {
  it('is accepted', () => {
    const { status, stderr } = spawnSync(
      'caddy',
      ['validate', '--adapter', 'caddyfile', '--config', path.join(docker, 'proxy', 'Caddyfile')],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
  });
});

describe.skipIf(nginxIsMissing)('nginx.conf (needs nginx and openssl)', () => {
  it('is accepted', async () => {
    const nginx = new Nginx({ service: 8000, http: await freePort(), https: await freePort() });
    const { accepted, output } = nginx.test();
    await nginx.stop();
    expect(accepted, output).toBe(true);
  });
});
