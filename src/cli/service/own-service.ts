import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CliError } from '../errors/cli.error.js';
import { ConnectionError, type ThinkerClient } from './client.js';
import { type CliContext } from '../context.js';
import { startScript } from './script.js';

/** Runs `use` with the service; with `mayStart`, one is started for that time if none responds. */
export async function withService(
  context: CliContext,
  mayStart: boolean,
  use: (client: ThinkerClient) => Promise<void>,
): Promise<void> {
  const running = await context.connect().catch((error: unknown) => {
    if (mayStart && error instanceof ConnectionError) return undefined;
    throw error;
  });
  if (running) return use(running);
  const stop = await startService(context);
  try {
    await use(await context.connect());
  } finally {
    context.output.note('Stopping the service; `thinker serve` starts it again, with everything in it.');
    await stop();
  }
}

/** Resolves once it serves, with what stops it. */
async function startService({ url, output }: CliContext): Promise<() => Promise<void>> {
  const { hostname, port } = new URL(url);
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') {
    throw new CliError(`${url} is not on this machine: --serve starts a service on http://127.0.0.1:8000 only.`);
  }
  if (port !== '' && port !== '8000') {
    throw new CliError(`--serve uses port 8000. For another one, run: PORT=${port} thinker serve`);
  }
  output.note('Starting the service ...');
  // Its own group: a Ctrl-C in the terminal reaches this command alone, which stops the service in its turn.
  const child = startScript('quickstart.mjs', ['--serve'], ['ignore', 'pipe', 'pipe'], { detached: true });
  const exited = once(child, 'exit');
  let told = '';
  const serving = (async () => {
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      told += `${line}\n`;
      output.note(output.colors.dim(line));
      if (line.startsWith('Serving on')) return;
    }
    throw new CliError(`The service did not start:\n${told}`);
  })();
  await serving;
  child.stdout?.resume();
  child.stderr?.resume();
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}
