import { type RankSettings } from './ranks/rank-messages.js';

/** Where ranks connect to, and who starts them. */
export type RankSource = LocalRanks | RemoteRanks;

/** Node starts them on this machine. */
export interface LocalRanks {
  readonly kind: 'local';
  readonly ranks: number;
  /** The interpreter. */
  readonly python: string;
  /** The folder of the package thinker_worker. */
  readonly program: string;
}

/** The operator starts them, here or on other hosts. */
export interface RemoteRanks {
  readonly kind: 'listen';
  /** Of the whole group. */
  readonly ranks: number;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Certificate and key in PEM files; null: not encrypted. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
}

/** How long a group may take before it is taken for lost, in milliseconds. */
export interface GroupDeadlines {
  /** Between two signs of life of a rank, and between the error of one and the answers of the others. */
  readonly silenceMs: number;
  /** For one call, since those before it were answered. */
  readonly callMs: number;
}

/** What the torch engine is built from; it can be cloned between threads. */
export interface TorchSettings {
  readonly source: RankSource;
  readonly deadlines: GroupDeadlines;
  /** What the ranks are told; the rest follows from the other settings. */
  readonly rank: Omit<RankSettings, 'models' | 'heartbeatSeconds' | 'collectiveSeconds'>;
  /** Number of the group since the service started. */
  readonly generation: number;
  /** One number, which all groups share: most tokens of a run since ranks ran out of memory; 0 while none has. */
  readonly passTokenLimit: SharedArrayBuffer;
}
