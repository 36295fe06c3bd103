import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ulid } from 'ulid';
import { afterAll } from 'vitest';
import { startPostgres } from '../../../scripts/lib/embedded-postgres.mjs';

/** An empty database of its own for each test file. */
export interface TestDatabase {
  readonly url: string;
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** On TEST_DATABASE_URL where given, else on a private server that ends with the test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'] ?? (await startServer());
  const name = `test_${ulid().toLowerCase()}`;
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  // Connections that the drop ends by force are not worth a word.
  pool.on('error', () => undefined);
  return {
    url: url.href,
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []) =>
      (await pool.query<Row>(sql, parameters)).rows,
    drop: async () => {
      await pool.end();
      await withClient(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function startServer(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thinker-medium-'));
  chmodSync(folder, 0o711); // for root, Postgres runs as another account
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: false });
  afterAll(async () => {
    await postgres.stop();
    rmSync(postgres.dataDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  return postgres.url;
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
