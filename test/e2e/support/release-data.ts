import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import pg from 'pg';
import { type Answer } from './client.js';

/** A request, and what the release answered. */
export interface Exchange {
  /** Name of the client's key. */
  readonly key: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** The answer is that of the future. */
  readonly waits?: boolean;
  readonly answer: Answer;
}

/** A request that has a future. */
export interface RecordedFuture extends Pick<Exchange, 'key' | 'path' | 'answer'> {
  readonly request_id: string;
  /** False: it had not run when the release was stopped. */
  readonly settled: boolean;
}

/** A numbered request, and the answer that was given to it and to its repeat: it names the same future. */
export interface Repeat {
  readonly key: string;
  readonly path: string;
  readonly body: unknown;
  readonly answer: unknown;
}

/** What scripts/release-data/make-release-data.mjs wrote down of a release. */
export interface Recorded {
  readonly version: string;
  readonly dumped_at: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, string>>;
  readonly futures: readonly RecordedFuture[];
  readonly repeats: readonly Repeat[];
  /** Asked in this order, when everything was settled. */
  readonly reads: readonly Exchange[];
  /** Then asked in this order; these change things. */
  readonly probes: readonly Exchange[];
}

/** The database and the data folder that a release has left behind. */
export class ReleaseData {
  readonly recorded: Recorded;
  readonly baseModel: string;

  constructor(private readonly fixture: string) {
    this.recorded = JSON.parse(readFileSync(path.join(fixture, 'recorded.json'), 'utf8')) as Recorded;
    this.baseModel = path.join(fixture, 'small-model');
  }

  /** Fills an empty database and an empty folder, as if the release had been stopped just now. */
  async restore(databaseUrl: string, folder: string): Promise<void> {
    await this.restoreDatabase(databaseUrl);
    await this.unpackFolder(folder);
  }

  private async restoreDatabase(url: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(gunzipSync(readFileSync(path.join(this.fixture, 'database.sql.gz'))).toString());
      const { rows } = await client.query<{ table: string; columns: string }>(
        `SELECT format('public.%I', table_name) AS table,
                string_agg(format('%1$I = %1$I + (now() - $1::timestamptz)', column_name), ', ') AS columns
         FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' GROUP BY table_name`,
      );
      for (const { table, columns } of rows) {
        await client.query(`UPDATE ${table} SET ${columns}`, [this.recorded.dumped_at]);
      }
    } finally {
      await client.end();
    }
  }

  private async unpackFolder(folder: string): Promise<void> {
    const archive = extract();
    archive.end(gunzipSync(readFileSync(path.join(this.fixture, 'data.tar.gz'))));
    for await (const entry of archive) {
      const target = path.join(folder, entry.header.name);
      if (entry.header.type === 'directory') mkdirSync(target, { recursive: true });
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (entry.header.type !== 'file') continue;
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, Buffer.concat(chunks));
    }
  }
}
