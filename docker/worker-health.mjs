/**
 * Health check of a worker container, which serves no HTTP: exit code 0 when the worker of this host has said within
 * the last minute that it is alive (table `workers`).
 */
import { hostname } from 'node:os';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 3000 });
try {
  await client.connect();
  const alive = await client.query(
    `SELECT 1 FROM workers WHERE hostname = $1 AND heartbeat_at > now() - interval '1 minute'`,
    [hostname()],
  );
  process.exitCode = alive.rowCount > 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await client.end().catch(() => {});
}
