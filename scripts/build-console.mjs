/** The second part of `npm run build`: the web console, if its sources have changed. */
import { ensureConsole } from './lib/bootstrap.mjs';

await ensureConsole().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
