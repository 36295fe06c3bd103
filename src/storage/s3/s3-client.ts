import { S3Client } from '@aws-sdk/client-s3';
import { type S3Config } from '../../config/store/store-config.js';

/** How patient the client is; a test has less patience. */
export interface Patience {
  /** Tries of one request. With the pauses between them, they cover an outage of about ten seconds. */
  readonly attempts: number;
  /** Silence after which a try counts as failed. */
  readonly silenceMs: number;
}

export const DEFAULT_PATIENCE: Patience = { attempts: 8, silenceMs: 30_000 };

const CONNECT_MS = 5000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;

/** A client with the credentials of the standard sources, which it finds and renews by itself. */
export function s3Client(config: S3Config, endpoint: string, { attempts, silenceMs }: Patience): S3Client {
  return new S3Client({
    ...(endpoint === '' ? {} : { endpoint }),
    ...(config.region === '' ? {} : { region: config.region }),
    forcePathStyle: config.pathStyle,
    // Signatures cover the bytes of each request. Checksums beside them are unknown to many servers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
  });
}

/** Before a download goes on: twice as long each time, and by chance shorter, so that processes do not come back together. */
export function pauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS) * (0.5 + Math.random() / 2);
}
