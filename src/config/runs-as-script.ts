import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Was the module with this `import.meta.url` started by `node <file>` (rather than imported)? */
export function runsAsScript(moduleUrl: string): boolean {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(moduleUrl));
}
