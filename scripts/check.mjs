/** npm run check: runs every check that needs no running service, in sequence; a failed check does not stop the others. */
import { spawnSync } from 'node:child_process';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';

const CHECKS = [
  'lint',
  'check:format',
  'typecheck',
  'check:imports',
  'check:words',
  'check:tasks',
  'check:openapi',
  'check:env',
  'check:migrations',
];

await bootstrap();
const failed = CHECKS.filter((name) => {
  console.log(`\n=== ${name} ===`);
  return spawnSync('npm', ['run', '--silent', name], { cwd: projectRoot, stdio: 'inherit' }).status !== 0;
});
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
