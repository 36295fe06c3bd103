/**
 * node scripts/release-data/make-release-data.mjs <checkout> <fixture>: plays the life of two clients on the built checkout of a
 * release, and writes what a newer version must go on with into test/fixtures/releases/<version>: the database, the data
 * folder, and what the release itself answered. Needs pg_dump and redis-server on the PATH, and TEST_DATABASE_URL where
 * pg_dump is older than the Postgres that comes with the service. <fixture> holds the base model already.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { projectRoot } from '../lib/bootstrap.mjs';
import { startPostgres } from '../lib/embedded-postgres.mjs';
import { startRedis } from '../lib/redis.mjs';
import { StopStack } from '../lib/stop-stack.mjs';
import { temporaryFolder } from '../lib/temporary-folder.mjs';
import { askAfterwards, repeatNumbered } from './afterwards.mjs';
import { BASE_MODEL } from './clients.mjs';
import { packFolder } from './pack-folder.mjs';
import { Recorder } from './recorder.mjs';
import { ReleaseService } from './release-service.mjs';
import { firstPendingAtRoot, pendingAtRoot, settledAtRoot } from './root-life.mjs';
import { pendingAtTinker, settledAtTinker } from './tinker-life.mjs';

const PEFT_FOLDER = path.join(projectRoot, 'test', 'fixtures', 'peft', 'qwen3-layers');

async function makeDatabase(folder, stack) {
  const server = process.env.TEST_DATABASE_URL;
  if (server === undefined) {
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: false });
    stack.push('Postgres', () => postgres.stop());
    return postgres.url;
  }
  const name = `release_${process.pid}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  stack.push('the database', async () => {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await client.end();
  });
  return new URL(`/${name}`, server).href;
}

/** As SQL that any client can send: without the commands of psql. */
function dump(url) {
  const options = ['--inserts', '--rows-per-insert=100', '--no-owner', '--no-privileges', '--no-comments', url];
  const sql = execFileSync('pg_dump', options, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return sql
    .split('\n')
    .filter((line) => !/^(\\|--|$)/.test(line))
    .join('\n');
}

/** Lives, dies, and accepts requests that nobody runs. */
async function play(service, recorder, redisUrl, peftTar) {
  const whole = await service.start({ ROLE: 'all', REDIS_URL: '' }, '/readyz');
  recorder.connect(whole.url);
  const life = {
    ...(await settledAtRoot(recorder.client('ada'), peftTar)),
    tinker: await settledAtTinker(recorder.client('bob')),
  };
  whole.child.kill('SIGKILL');
  await whole.child.exited;

  const api = await service.start({ ROLE: 'api', REDIS_URL: redisUrl }, '/healthz');
  recorder.connect(api.url);
  const settled = recorder.futures.length;
  await firstPendingAtRoot(life);
  const worker = await service.start({ ROLE: 'worker', REDIS_URL: redisUrl, FAULT_AT: 'result-computed:kill' }, null);
  await worker.child.exited;
  await pendingAtRoot(life, peftTar);
  await pendingAtTinker(life.tinker);
  await api.child.stop();
  return { life, settled };
}

async function makeRelease({ checkout, fixture, folder }, stack) {
  const database = await makeDatabase(folder, stack);
  const redis = await startRedis({ dataDir: path.join(folder, 'redis') });
  if (redis === null) throw new Error('This needs redis-server on the PATH.');
  stack.push('Redis', () => redis.stop());
  const dataDir = path.join(folder, 'data');
  const keys = { ada: 'tml-ada', ops: 'tml-ops' };
  const settings = { API_KEYS: keys.ada, ADMIN_KEYS: keys.ops, ENGINE: 'onnxruntime', ENGINE_THREADS: '1' };
  const locations = { HOST: '127.0.0.1', DATABASE_URL: database, DATA_DIR: dataDir };
  const snapshots = { SNAPSHOT_INTERVAL_S: '3600', SNAPSHOT_STEPS: '4' };
  const service = new ReleaseService({
    checkout,
    logFile: path.join(fixture, 'release.log'),
    env: { ...settings, ...locations, ...snapshots, BASE_MODELS: path.join(fixture, BASE_MODEL), LOG_LEVEL: 'warn' },
  });
  stack.push('the service', () => service.stop());
  keys.bob = service.makeKey('bob');
  const recorder = new Recorder(keys);
  const { life, settled } = await play(service, recorder, redis.url, await packFolder(PEFT_FOLDER));
  const dumpedAt = new Date().toISOString();
  writeFileSync(path.join(fixture, 'database.sql.gz'), gzipSync(dump(database), { level: 9 }));
  writeFileSync(path.join(fixture, 'data.tar.gz'), gzipSync(await packFolder(dataDir), { level: 9 }));
  const answers = await goOn(service, recorder, life, settled);
  const { version } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'));
  const record = { version, dumped_at: dumpedAt, settings, keys, ...answers };
  writeFileSync(path.join(fixture, 'recorded.json'), linesOf(record));
}

/** What the release itself makes of its data, which a newer version is held to. */
async function goOn(service, recorder, life, settled) {
  const { url } = await service.start({ ROLE: 'all', REDIS_URL: '' }, '/readyz');
  recorder.connect(url);
  const futures = [];
  for (const [i, { key, path: route, request_id }] of recorder.futures.entries()) {
    const answer = await recorder.client(key).answerOf(request_id, route);
    futures.push({ key, path: route, request_id, settled: i < settled, answer });
  }
  const repeats = await repeatNumbered(recorder);
  return { futures, repeats, ...(await askAfterwards(recorder, life)) };
}

/** JSON with one line for each element of a list. */
function linesOf(record) {
  const fields = Object.entries(record).map(([name, value]) => {
    const text = Array.isArray(value)
      ? `[\n${value.map((one) => JSON.stringify(one)).join(',\n')}\n]`
      : JSON.stringify(value);
    return `${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}

const [checkout, fixture] = process.argv.slice(2).map((given) => path.resolve(given));
if (fixture === undefined) throw new Error('Usage: make-release-data.mjs <checkout> <fixture>');
const stack = new StopStack();
const folder = temporaryFolder('thinker-release-');
stack.push('the temporary folder', () => rmSync(folder, { recursive: true, force: true }));
try {
  await makeRelease({ checkout, fixture, folder }, stack);
  rmSync(path.join(fixture, 'release.log'));
} finally {
  await stack.stopAll(console.error);
}
