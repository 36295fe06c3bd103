/**
 * npm run test:torch [-- <vitest arguments>...]: tests the engines on torch ranks. Makes the Python environment
 * (scripts/torch-env.sh), then runs the specs of the vitest project `torch` and pytest on workers/torch.
 *
 * Fails if a test fails. If the package index is unreachable or no suitable Python is installed, everything is reported as
 * skipped; TORCH_REQUIRED=1 turns that into a failure.
 */
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { runCommand, SKIPPED } from './lib/python-tests.mjs';

const passedOn = process.argv.slice(2);
const python = path.join(projectRoot, '.venv-torch', 'bin', 'python');

async function main() {
  await bootstrap();
  const made = await runCommand(path.join(projectRoot, 'scripts', 'torch-env.sh'), ['--megatron', '--tests']);
  if (made !== 0) {
    const reason = SKIPPED.get(made);
    console.log(`\n=== torch ===\n${reason ? `skipped: ${reason}` : 'failed: no environment'}`);
    if (!reason || process.env.TORCH_REQUIRED === '1') process.exitCode = 1;
    return;
  }
  const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const specs = await runCommand(process.execPath, [vitest, 'run', '--project', 'torch', ...passedOn]);
  const folder = path.join('workers', 'torch');
  const env = { PYTHONPATH: path.join(projectRoot, folder), PYTHONDONTWRITEBYTECODE: '1' };
  // A filter for vitest means nothing to pytest.
  const pytest = ['-m', 'pytest', '-p', 'no:cacheprovider', '-q', '-rs', path.join(folder, 'tests')];
  const tests = passedOn.length === 0 ? await runCommand(python, pytest, env) : 0;
  console.log('\n=== torch ===');
  console.log(`conformance of the engines ${specs === 0 ? 'passed' : 'failed'}`);
  if (passedOn.length === 0) console.log(`ranks ${tests === 0 ? 'passed' : 'failed'}`);
  if (specs + tests !== 0) process.exitCode = 1;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
