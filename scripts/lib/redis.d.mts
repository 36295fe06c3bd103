export interface RunningRedis {
  /** `redis://:<password>@127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** Ends it by SIGKILL. */
  crash(): Promise<void>;
}

/** Path of redis-server or valkey-server on the PATH. */
export function findRedis(searchPath?: string): string | undefined;

/** null: the machine has no Redis program. */
export function startRedis(options: {
  dataDir: string;
  log?: (line: string) => void;
  waitForPredecessorMs?: number;
  /** Starts the server that was there once more, under the same address. */
  again?: { readonly url: string };
}): Promise<RunningRedis | null>;
