import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const EXAMPLE = path.join(import.meta.dirname, '..', '..', '..', 'docker', 'proxy', 'nginx.conf');

export interface NginxPorts {
  /** Of the service behind it. */
  readonly service: number;
  readonly http: number;
  readonly https: number;
}

export const nginxIsMissing = spawnSync('nginx', ['-v']).status !== 0 || spawnSync('openssl', ['version']).status !== 0;

/** nginx with docker/proxy/nginx.conf: only ports and the certificate, for localhost, are others. */
export class Nginx {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'thinker-nginx-'));
  private readonly config = path.join(this.folder, 'nginx.conf');
  private child: ChildProcess | null = null;

  constructor(ports: NginxPorts) {
    this.makeCertificate();
    const example = readFileSync(EXAMPLE, 'utf8')
      .replaceAll('/etc/ssl/thinker', this.folder)
      .replaceAll('thinker.example.com', 'localhost')
      .replace('127.0.0.1:8000', `127.0.0.1:${ports.service}`)
      .replace('listen 80;', `listen 127.0.0.1:${ports.http};`)
      .replace('listen 443 ssl', `listen 127.0.0.1:${ports.https} ssl`)
      .replaceAll(/listen \[::\].*\n/g, '');
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const temporary = kinds.map((kind) => `${kind}_temp_path ${this.folder}/tmp/${kind};`);
    mkdirSync(path.join(this.folder, 'tmp'));
    const main = ['worker_processes 1;', 'daemon off;', `pid ${this.folder}/nginx.pid;`, 'error_log stderr warn;'];
    if (process.getuid?.() === 0) main.push('user root;');
    const http = ['access_log off;', ...temporary, example];
    writeFileSync(this.config, [...main, 'events {}', 'http {', ...http, '}'].join('\n'));
  }

  /** What `nginx -t` says. */
  test(): { accepted: boolean; output: string } {
    const { status, stderr } = spawnSync('nginx', ['-t', '-p', this.folder, '-c', this.config], { encoding: 'utf8' });
    return { accepted: status === 0, output: stderr };
  }

  start(): void {
    this.child = spawn('nginx', ['-p', this.folder, '-c', this.config], { stdio: 'ignore' });
  }

  /** The certificate that it shows, and that clients have to trust. */
  get certificate(): string {
    return readFileSync(path.join(this.folder, 'fullchain.pem'), 'utf8');
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== null && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private makeCertificate(): void {
    const [key, certificate] = ['privkey.pem', 'fullchain.pem'].map((name) => path.join(this.folder, name));
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', [...request, ...name, '-keyout', key!, '-out', certificate!], { stdio: 'ignore' });
  }
}
