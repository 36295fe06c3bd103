import { Command } from 'commander';
import { loadCliConfig } from '../config/cli-config.js';
import { ThinkerClient } from './service/client.js';
import { Output } from './output.js';

/** Options of every command. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly url?: string;
  readonly color?: boolean;
}

/** What a command works with. */
export interface CliContext {
  readonly url: string;
  /** Access token of the Hugging Face hub; empty = none. */
  readonly hubToken: string;
  readonly output: Output;
  /** The service; throws ConnectionError immediately if it does not respond, while later outages are waited out. */
  readonly connect: () => Promise<ThinkerClient>;
}

export function makeContext(options: GlobalOptions): CliContext {
  const config = loadCliConfig();
  const url = (options.url ?? config.url).replace(/\/+$/, '');
  const connection = { baseUrl: url, apiKey: config.apiKey };
  const { stdout, stderr } = process;
  const noColor = config.noColor || options.color === false;
  return {
    url,
    hubToken: config.hubToken,
    output: new Output({ json: options.json === true, noColor, stdout, stderr }),
    connect: async () => {
      await new ThinkerClient({ ...connection, retryForMs: 0 }).health();
      return new ThinkerClient(connection);
    },
  };
}

/** Turns what a command does into the handler that commander calls: its arguments, its options, itself. */
export function handler<Options extends object>(
  run: (context: CliContext, options: Options & GlobalOptions, ...args: string[]) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1);
    if (!(command instanceof Command)) throw new TypeError('commander passes the command last');
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    await run(makeContext(options), options, ...(given.slice(0, -2) as string[]));
  };
}
