/**
 * npm run chaos -- --faults <n> --seed <text>: runs clients that train against a real service of several processes while
 * processes are killed and paused and Redis is flushed, then compares every number with an undisturbed run (test/chaos). The
 * same seed gives the same clients and the same order of faults. The exit code is 0 if nothing differs.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { findRedis } from './lib/redis.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const { values } = parseArgs({
  options: { faults: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
if (!/^[1-9]\d{0,4}$/.test(values.faults))
  throw new Error(`--faults ${values.faults} is not a number from 1 to 99999.`);
if (findRedis() === undefined) throw new Error('The chaos test needs redis-server (or valkey-server) on the PATH.');

await bootstrap({ build: true });
const folder = temporaryFolder('thinker-chaos-summary-');
const summary = path.join(folder, 'summary');
const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', '--project', 'chaos', '--disable-console-intercept'], {
  cwd: projectRoot,
  env: { ...process.env, CHAOS_FAULTS: values.faults, CHAOS_SEED: values.seed, CHAOS_SUMMARY: summary },
  stdio: 'inherit',
});
process.exitCode = await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
console.log(existsSync(summary) ? readFileSync(summary, 'utf8') : 'The run did not finish.');
rmSync(folder, { recursive: true, force: true });
