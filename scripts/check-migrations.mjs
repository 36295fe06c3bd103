/**
 * Fails when the migrations do not make the schema of the entities: on an empty database all are run, a generated one
 * must be empty, the last one is reverted and run again. At the end a column is planted and the comparison has to
 * notice it, so that a check that sees nothing cannot pass.
 */
import pg from 'pg';
import { bootstrap } from './lib/bootstrap.mjs';
import { typeorm, withScratchDatabase } from './lib/scratch-database.mjs';

function step(url, what, args) {
  const { ok, output } = typeorm(url, args);
  if (!ok) throw new Error(`${what}: failed\n${output}`);
  console.log(`${what}: ok`);
}

const compare = (url) => typeorm(url, ['migration:generate', 'migrations/drift', '--check']);

function comparison(url, what) {
  const { ok, output } = compare(url);
  if (!ok) throw new Error(`${what}: the entities and the migrations differ\n${output}`);
  console.log(`${what}: ok`);
}

async function plantDrift(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('ALTER TABLE adapters ADD COLUMN planted_drift integer');
  } finally {
    await client.end();
  }
}

async function check(url) {
  step(url, 'run all on an empty database', ['migration:run']);
  comparison(url, 'entities match');
  step(url, 'revert the last one', ['migration:revert']);
  step(url, 'run it again', ['migration:run']);
  comparison(url, 'entities still match');
  await plantDrift(url);
  if (compare(url).ok) throw new Error('The comparison did not notice a planted column: it proves nothing.');
  console.log('a planted column is noticed: ok');
}

await bootstrap();
await withScratchDatabase(check).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
