import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from './support/server.js';

/** Telemetry of the SDK may hold request headers, and with them keys: it is answered and forgotten. */
const SECRET = 'tml-this-must-not-be-kept';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ env: { LOG_LEVEL: 'verbose' } });
});

afterAll(() => server.stop());

async function send(body: string) {
  const answer = await fetch(`${server.api.url}/api/v1/telemetry`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': SECRET },
    body,
  });
  return { status: answer.status, body: await answer.json() };
}

it('is answered, whatever is in it, and its secrets are kept nowhere', async () => {
  const event = {
    event: 'UNHANDLED_EXCEPTION',
    event_id: 'e',
    severity: 'ERROR',
    error_type: 'APIStatusError',
    error_message: `headers: {'X-API-Key': '${SECRET}'}`,
    event_data: { deep: [{ key: SECRET }] },
  };
  const batch = {
    events: Array.from({ length: 100 }, () => event),
    session_id: `sessionless-${SECRET}`,
    platform: 'p',
  };
  for (const body of [batch, { events: [] }, {}, [event]]) {
    expect(await send(JSON.stringify(body))).toEqual({ status: 200, body: { status: 'accepted' } });
  }
  // Nothing of it is read.
  expect(await send(`{"events": ["${SECRET}`)).toMatchObject({ status: 200 });

  expect(server.log).toContain('POST /api/v1/telemetry 200');
  expect(server.log).not.toContain(SECRET);
  const tables = await server.database.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  expect(tables.map(({ name }) => name)).toContain('futures');
  for (const { name } of tables) {
    expect(await server.database.query(`SELECT 1 FROM ${name} AS t WHERE t::text LIKE '%${SECRET}%'`), name).toEqual(
      [],
    );
  }
  for (const entry of readdirSync(server.folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) expect(readFileSync(path.join(entry.parentPath, entry.name)).includes(SECRET)).toBe(false);
  }
});
