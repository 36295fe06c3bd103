/**
 * Fills a database with adapters and operations as years of use would leave them, to see what stays fast:
 *
 *   DATABASE_URL=postgres://... node scripts/seed-database.mjs [--adapters 10000] [--operations 1000000] [--pending 20000]
 *
 * The database has the schema already (start the service once, or run the migrations) and no adapters. The rows are for
 * reading only: their payloads are not those of real operations, so let no worker run on it.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';

const OWNERS = 200;
const BATCH = 100_000;

const { values } = parseArgs({
  options: {
    adapters: { type: 'string', default: '10000' },
    operations: { type: 'string', default: '1000000' },
    pending: { type: 'string', default: '20000' },
  },
});
const [adapters, operations, pending] = [values.adapters, values.operations, values.pending].map(Number);
if (![adapters, operations, pending].every((count) => Number.isSafeInteger(count) && count > 0)) {
  throw new Error('--adapters, --operations and --pending take whole numbers above 0.');
}

/** The owner of adapter number `n`: some keys have many adapters, most have few. */
const ownerOf = (n) => `'key_' || lpad(to_hex((${n} % ${OWNERS}) * (${n} % ${OWNERS}) / ${OWNERS}), 16, '0')`;

const ADAPTERS = `
  INSERT INTO adapters (id, owner, model_id, base_model, lora, rank, trainable_params, step, created_at, last_used_at)
  SELECT 'adapter_' || lpad(n::text, 26, '0'), ${ownerOf('n')}, 'model-' || n, 'HuggingFaceTB/SmolLM2-135M-Instruct',
         '{"rank": 8, "alpha": 16, "seed": 0, "targetModules": ["q_proj", "v_proj"]}', 8, 460800, n % 500,
         now() - interval '1 year' * (1 - n::float8 / $1), now() - interval '1 day' * (n % 90)
  FROM generate_series(1, $1::int) AS n`;

/** Operations $1 to $2 of all $3, of which the last $4 wait; of adapter 1 to $5 in turn. One in 50 has failed. */
const OPERATIONS = `
  INSERT INTO futures (request_id, owner, adapter_id, model_id, base_model, kind, status, request, request_hash, result,
                       error, attempts, step, worker_id, created_at, started_at, finished_at)
  SELECT 'future_' || lpad(i::text, 26, '0'), ${ownerOf('n')}, 'adapter_' || lpad(n::text, 26, '0'), 'model-' || n,
         'HuggingFaceTB/SmolLM2-135M-Instruct', kind, status, decode(repeat('00', 200), 'hex'),
         decode(md5(i::text), 'hex'), CASE WHEN status = 'completed' THEN decode(repeat('00', 400), 'hex') END,
         CASE WHEN status = 'failed' THEN '{"code": "invalid_request", "category": "user", "status": 400, "message": "", "details": {}}'::jsonb END,
         CASE WHEN status = 'pending' THEN 0 ELSE 1 END,
         CASE WHEN status = 'completed' AND kind = 'optim_step' THEN i / $5 END,
         CASE WHEN status <> 'pending' THEN 'worker_seed' END,
         at, CASE WHEN status <> 'pending' THEN at + interval '1 second' END,
         CASE WHEN status <> 'pending' THEN at + interval '3 seconds' END
  FROM (SELECT i, 1 + i % $5 AS n, now() - interval '1 year' * (1 - i::float8 / $3) AS at,
               (ARRAY['forward_backward', 'optim_step', 'generate', 'forward_backward', 'optim_step'])[1 + (i / $5 % 5)] AS kind,
               CASE WHEN i > $3 - $4 THEN 'pending' WHEN i % 50 = 0 THEN 'failed' ELSE 'completed' END AS status
        FROM generate_series($1::int, $2::int) AS i) AS operation`;

const USAGE = `
  INSERT INTO usage_hours (owner, hour, session_id, model_id, base_model, kind, requests, prompt_tokens, trained_tokens,
                           sampled_tokens, running_ms)
  SELECT owner, date_trunc('hour', finished_at, 'UTC'), '', model_id, base_model, kind, count(*), 0, count(*) * 1000, 0,
         count(*) * 2000
  FROM futures WHERE status = 'completed' GROUP BY 1, 2, 4, 5, 6`;

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await client.query('SET synchronous_commit = off');
  await client.query(ADAPTERS, [adapters]);
  for (let from = 1; from <= operations; from += BATCH) {
    const upTo = Math.min(from + BATCH - 1, operations);
    await client.query(OPERATIONS, [from, upTo, operations, pending, adapters]);
    console.log(`${upTo} operations`);
  }
  await client.query(USAGE);
  await client.query('ANALYZE');
} finally {
  await client.end();
}
