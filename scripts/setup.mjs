/** npm run setup: installs the packages and builds if necessary. Works before anything is installed. */
import { bootstrap } from './lib/bootstrap.mjs';

await bootstrap().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
