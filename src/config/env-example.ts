import { readFileSync, writeFileSync } from 'node:fs';
import { ENV_SCHEMA } from './environment/env-schema.js';
import { runsAsScript } from './runs-as-script.js';

/**
 * Makes .env.example from the schema. As a script: `--write` writes the file, `--check` fails when it is out of date.
 */
export function envExample(): string {
  const blocks = Object.entries(ENV_SCHEMA).map(([name, spec]) => {
    const choices = spec.choices === undefined ? '' : ` One of: ${spec.choices.join(', ')}.`;
    const value = spec.default === undefined ? (spec.example ?? '') : String(spec.default);
    const line = `${name}=${value}`;
    return `# ${spec.desc ?? ''}${choices}\n${spec.default === undefined ? line : `#${line}`}\n`;
  });
  return ['# Settings of the service. A commented-out setting shows its default.\n', ...blocks].join('\n');
}

const FILE = '.env.example';

if (runsAsScript(import.meta.url)) {
  if (process.argv.includes('--write')) {
    writeFileSync(FILE, envExample());
  } else if (readFileSync(FILE, 'utf8') !== envExample()) {
    console.error(`${FILE} is out of date. Run: npm run build && node dist/src/config/env-example.js --write`);
    process.exitCode = 1;
  }
}
