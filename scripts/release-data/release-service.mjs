/** A built checkout of some version, run on a database and a data folder. */
import { execFileSync } from 'node:child_process';
import { openSync } from 'node:fs';
import path from 'node:path';
import { freePort, pollFor, spawnOwned } from '../lib/owned-process.mjs';

const START_MS = 120_000;

export class ReleaseService {
  /** @param {{ checkout: string, env: Record<string, string>, logFile: string }} options `env`: of all its processes */
  constructor({ checkout, env, logFile }) {
    this.checkout = checkout;
    this.env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env };
    this.logFile = logFile;
    this.children = [];
  }

  /** Starts a process and waits until it answers at `probe`; with null it is not waited for. */
  async start(env, probe) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const output = openSync(this.logFile, 'a');
    const main = path.join(this.checkout, 'dist', 'src', 'main.js');
    const child = spawnOwned(process.execPath, [main], {
      cwd: this.checkout,
      env: { ...this.env, PORT: String(port), ...env },
      stdio: ['ignore', output, output],
    });
    this.children.push(child);
    const answers = () =>
      fetch(url + probe).then(
        ({ ok }) => ok,
        () => false,
      );
    const started = probe === null || (await pollFor(() => !child.isRunning() || answers(), { timeoutMs: START_MS }));
    if (!started || !child.isRunning()) throw new Error(`the service did not start, see ${this.logFile}`);
    return { url, child };
  }

  async stop() {
    for (const child of this.children) await child.stop();
  }

  /** Makes a key that is kept in the database; returns it. */
  makeKey(name) {
    const cli = path.join(this.checkout, 'dist', 'src', 'keys-cli.js');
    const printed = execFileSync(process.execPath, [cli, 'create', name], { env: this.env, encoding: 'utf8' });
    return /^tml-\S+$/m.exec(printed)[0];
  }
}
