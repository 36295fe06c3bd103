/**
 * npm run test:torch [-- <vitest arguments>...]: tests the engines on torch ranks. Makes the Python environment
 * (scripts/torch-env.sh), then runs the specs of the vitest project `torch` and pytest on workers/torch.
 *
 * Fails if a test fails. If the package index is unreachable or no suitable Python is installed, everything is reported as
 * skipped; TORCH_REQUIRED=1 turns that into a failure.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';

const SKIPPED = new Map([
  [3, 'no Python 3.11 or newer with venv is installed'],
  [4, 'the Python package index is unreachable'],
]);
const passedOn = process.argv.slice(2);
const python = path.join(projectRoot, '.venv-torch', 'bin', 'python');

/** Runs a command, shows its output, and resolves with its exit code. */
function run(command, parameters, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd: projectRoot, env: { ...process.env, ...env }, stdio: 'inherit' });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main() {
  await bootstrap();
  const made = await run(path.join(projectRoot, 'scripts', 'torch-env.sh'), ['--megatron', '--tests']);
  if (made !== 0) {
    const reason = SKIPPED.get(made);
    console.log(`\n=== torch ===\n${reason ? `skipped: ${reason}` : 'failed: no environment'}`);
    if (!reason || process.env.TORCH_REQUIRED === '1') process.exitCode = 1;
    return;
  }
  const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const specs = await run(process.execPath, [vitest, 'run', '--project', 'torch', ...passedOn]);
  const folder = path.join('workers', 'torch');
  const env = { PYTHONPATH: path.join(projectRoot, folder), PYTHONDONTWRITEBYTECODE: '1' };
  // A filter for vitest means nothing to pytest.
  const pytest = ['-m', 'pytest', '-p', 'no:cacheprovider', '-q', '-rs', path.join(folder, 'tests')];
  const tests = passedOn.length === 0 ? await run(python, pytest, env) : 0;
  console.log('\n=== torch ===');
  console.log(`conformance of the engines ${specs === 0 ? 'passed' : 'failed'}`);
  if (passedOn.length === 0) console.log(`ranks ${tests === 0 ? 'passed' : 'failed'}`);
  if (specs + tests !== 0) process.exitCode = 1;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
