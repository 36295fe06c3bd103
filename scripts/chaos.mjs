/**
 * npm run chaos -- --faults <n> --seed <text> [--backend torch]: runs clients that train against a real service of several processes while
 * processes are killed and paused and Redis is flushed, then compares every number with an undisturbed run (test/chaos). The
 * same seed gives the same clients and the same order of faults. With torch, workers compute on two ranks each, and every
 * second fault strikes these. The exit code is 0 if nothing differs.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { findRedis } from './lib/redis.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'local' },
  },
});
if (!/^[1-9]\d{0,4}$/.test(values.faults))
  throw new Error(`--faults ${values.faults} is not a number from 1 to 99999.`);
if (!['local', 'torch'].includes(values.backend)) throw new Error(`--backend ${values.backend} is not local or torch.`);
if (values.backend === 'torch' && !existsSync(path.join(projectRoot, '.venv-torch')))
  throw new Error('The torch backend has no Python environment: run `npm run setup:torch`.');
if (findRedis() === undefined) throw new Error('The chaos test needs redis-server (or valkey-server) on the PATH.');

await bootstrap({ build: true });
const folder = temporaryFolder('thinker-chaos-summary-');
const summary = path.join(folder, 'summary');
const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', '--project', 'chaos', '--disable-console-intercept'], {
  cwd: projectRoot,
  env: {
    ...process.env,
    CHAOS_BACKEND: values.backend,
    CHAOS_FAULTS: values.faults,
    CHAOS_SEED: values.seed,
    CHAOS_SUMMARY: summary,
  },
  stdio: 'inherit',
});
process.exitCode = await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
console.log(existsSync(summary) ? readFileSync(summary, 'utf8') : 'The run did not finish.');
rmSync(folder, { recursive: true, force: true });
