export interface RunningPostgres {
  /** `postgres://postgres:<password>@127.0.0.1:<port>/postgres` */
  readonly url: string;
  /** The folder in use; another one than asked for when the account that runs Postgres cannot reach that. */
  readonly dataDir: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** Ends it as pg_ctl's immediate shutdown does: the next start recovers from the log. */
  crash(): Promise<void>;
}

export function startPostgres(options: {
  dataDir: string;
  log?: (line: string) => void;
  /** false: no fsync, for tests. */
  durable?: boolean;
  /** How long a server of an earlier run on the same folder is given to end before the start is refused. */
  waitForPredecessorMs?: number;
  /** Starts the server that was there once more, under the same address. */
  again?: { readonly url: string };
}): Promise<RunningPostgres>;

/** Address of the server that runs on the folder. One that starts or stops just then is given `waitMs`. */
export function runningPostgres(options: { dataDir: string; waitMs?: number }): Promise<string | undefined>;
