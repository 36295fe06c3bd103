/** A moment of the database that pg_dump can be held to, and what its rows name in the stores. */
import pg from 'pg';

/** Rows that name a folder of a store; tables that a release does not have yet are left out. */
const REFERENCES = {
  adapter_snapshots: "SELECT 'checkpoints/' || path AS path FROM adapter_snapshots",
  checkpoints: "SELECT 'checkpoints/' || path AS path FROM checkpoints",
  files: "SELECT 'files/' || id AS path FROM files",
};

/**
 * Opens a transaction that sees this moment until close().
 * @param {string} url
 * @returns {Promise<{ id: string, serverMajor: number, paths: string[], close: () => Promise<void> }>} `id` is what
 *   pg_dump --snapshot takes
 */
export async function openSnapshot(url) {
  const client = new pg.Client({ connectionString: url, application_name: 'thinker-backup' });
  await client.connect();
  try {
    await client.query('SET idle_in_transaction_session_timeout = 0');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const { rows } = await client.query(
      "SELECT pg_export_snapshot() AS id, current_setting('server_version_num')::int / 10000 AS major",
    );
    return {
      id: rows[0].id,
      serverMajor: rows[0].major,
      paths: await pathsOf(client),
      close: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function pathsOf(client) {
  const paths = [];
  for (const [table, query] of Object.entries(REFERENCES)) {
    const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [`public.${table}`]);
    if (!found[0].exists) continue;
    const { rows } = await client.query(query);
    for (const { path } of rows) paths.push(path);
  }
  return paths;
}
