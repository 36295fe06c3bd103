/** The second part of `npm run build`: the web console and the snapshot of Jinja, each if its sources have changed. */
import { ensureConsole, ensureJinjaSnapshot } from './lib/bootstrap.mjs';

try {
  await ensureConsole();
  await ensureJinjaSnapshot();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
