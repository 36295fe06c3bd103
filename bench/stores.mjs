/**
 * node bench/stores.mjs [repeats]: writes, reads and copies checkpoints in a folder and in a bucket of a server on this machine
 * (rclone, as in the tests), by turns, and prints medians. It asserts nothing. Sizes are those of a state: weights, and moments
 * of twice as many bytes.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCheckpointStore } from '../dist/src/storage/local/local-checkpoint-store.js';
import { S3Bucket } from '../dist/src/storage/s3/s3-bucket.js';
import { S3CheckpointStore } from '../dist/src/storage/s3/s3-checkpoint-store.js';
import { freePort } from '../scripts/lib/owned-process.mjs';
import { ensureS3Server, findRclone } from '../scripts/lib/s3-server.mjs';
import { temporaryFolder } from '../scripts/lib/temporary-folder.mjs';
import { median } from './lib/measure.mjs';

const MEGABYTES = [1, 11, 100, 500];
const repeats = Number(process.argv[2] ?? 7);
const KEY = ['AKIDBENCH', 'secret-of-the-bench'];

async function startServer(folder) {
  mkdirSync(path.join(folder, 'bench'), { recursive: true });
  const port = await freePort();
  const args = ['serve', 's3', '--addr', `127.0.0.1:${port}`, '--auth-key', KEY.join(','), '--config', '', folder];
  const child = spawn(findRclone(), args, { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let answers = false; !answers; await sleep(50)) {
    answers = await fetch(endpoint).then(
      () => true,
      () => false,
    );
  }
  return { child, endpoint };
}

function filesOf(megabytes) {
  const weights = new Uint8Array(randomBytes((megabytes * 1e6) / 3));
  return new Map([
    ['adapter_config.json', new Uint8Array(900)],
    ['adapter_model.safetensors', weights],
    ['optimizer.safetensors', new Uint8Array(randomBytes((megabytes * 2e6) / 3))],
    ['checkpoint_complete', new Uint8Array(0)],
  ]);
}

async function measure(store, files) {
  const times = {};
  const timed = async (name, work) => {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(cpu);
    times[name] = { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
  };
  await timed('write', () => store.write('a/1', files));
  await timed('read', async () => {
    for (const name of await store.list('a/1')) await store.read('a/1', name);
  });
  await timed('copy', () => store.copy('a/1', 'b/1'));
  await store.delete('b');
  return times;
}

if (!(await ensureS3Server())) process.exit(1);
[process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY] = KEY;
const folder = temporaryFolder('thinker-bench-stores-');
const { child, endpoint } = await startServer(path.join(folder, 's3'));
try {
  const local = new LocalCheckpointStore(path.join(folder, 'local'));
  await local.start();
  const config = { kind: 's3', bucket: 'bench', prefix: '', endpoint, region: 'us-east-1', pathStyle: true };
  const stores = { folder: local, S3: new S3CheckpointStore(new S3Bucket({ ...config, linkEndpoint: null })) };
  console.log('| state  | store  | write | CPU of the service | read | copy |');
  console.log('| ------ | ------ | ----- | ------------------ | ---- | ---- |');
  for (const megabytes of MEGABYTES) {
    const files = filesOf(megabytes);
    const results = { folder: [], S3: [] };
    for (let i = 0; i < repeats; i++) {
      for (const [name, store] of Object.entries(stores)) results[name].push(await measure(store, files));
    }
    for (const [name, all] of Object.entries(results)) {
      const ms = (kind, field = 'ms') => `${median(all.map((times) => times[kind][field])).toFixed(0)} ms`;
      console.log(
        `| ${megabytes} MB | ${name} | ${ms('write')} | ${ms('write', 'cpuMs')} | ${ms('read')} | ${ms('copy')} |`,
      );
    }
  }
} finally {
  child.kill();
  rmSync(folder, { recursive: true, force: true });
}
