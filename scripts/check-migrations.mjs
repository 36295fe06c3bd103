/**
 * Fails if the migrations do not produce the schema of the entities. On an empty database, it runs all migrations, checks
 * that a generated migration would be empty, and reverts and repeats the last one. Finally it adds a column and checks that
 * the comparison detects it, so that a check that detects nothing cannot pass.
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
  step(url, 'run all migrations on an empty database', ['migration:run']);
  comparison(url, 'entities match');
  step(url, 'revert the last migration', ['migration:revert']);
  step(url, 'run it again', ['migration:run']);
  comparison(url, 'entities still match');
  await plantDrift(url);
  if (compare(url).ok) throw new Error('The comparison did not detect an added column, so it proves nothing.');
  console.log('an added column is detected: ok');
}

await bootstrap();
await withScratchDatabase(check).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
