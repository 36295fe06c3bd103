/**
 * npm run migration:generate -- <name>: writes migrations/<time>-<name>.ts with the differences between the entities and the
 * existing migrations. Review and simplify it, and add it to migrations/index.ts by hand.
 */
import { bootstrap } from './lib/bootstrap.mjs';
import { typeorm, withScratchDatabase } from './lib/scratch-database.mjs';

const name = process.argv[2];
if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name ?? '')) {
  console.error('Pass a name in kebab-case: npm run migration:generate -- add-sessions');
  process.exit(1);
}

await bootstrap();
await withScratchDatabase((url) => {
  for (const args of [['migration:run'], ['migration:generate', `migrations/${name}`, '--pretty']]) {
    const { ok, output } = typeorm(url, args);
    console.log(output);
    if (!ok) {
      process.exitCode = 1;
      return;
    }
  }
});
