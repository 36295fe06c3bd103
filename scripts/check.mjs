/** npm run check: every check that needs no running service, one after the other; all are run, even when one fails. */
import { spawnSync } from 'node:child_process';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';

const CHECKS = [
  'lint',
  'check:format',
  'typecheck',
  'check:imports',
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
console.log(failed.length === 0 ? '\nAll checks hold.' : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
