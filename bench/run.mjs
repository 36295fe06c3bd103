/**
 * npm run bench [-- tinker | durability]: measures one of three suites, prints a report and writes it to bench/RESULTS.md. Asserts
 * nothing about times.
 */
import { durabilitySuite } from './lib/durability/durability-suite.mjs';
import { engineSuite } from './lib/engine-suite.mjs';
import { useRealtime } from './lib/prepare.mjs';
import { writeResults } from './lib/report.mjs';
import { tinkerSuite } from './lib/tinker/tinker-suite.mjs';

const NAMED_SUITES = { tinker: tinkerSuite, durability: durabilitySuite };

const HELP = `npm run bench [-- tinker | durability] [options]

  (no word)          our engine against PyTorch, the service against the engine: ${engineSuite.sections.join(', ')}
  tinker             the service as the Tinker SDK sees it: ${tinkerSuite.sections.join(', ')}
  durability         what it costs that nothing accepted is lost: ${durabilitySuite.sections.join(', ')}

  --quick            fewer repeats; RESULTS.md stays as it is
  --only <sections>  some sections, separated by commas; RESULTS.md stays as it is
  --realtime         real-time scheduling for everything that is measured (Linux, root): for a busy machine
  --help             this text`;

function readOptions(args) {
  const named = Object.hasOwn(NAMED_SUITES, args[0] ?? '');
  const suite = named ? NAMED_SUITES[args[0]] : engineSuite;
  const options = { suite, repeats: suite.repeats.full, only: suite.sections, realtime: false, write: true };
  for (let i = named ? 1 : 0; i < args.length; i++) {
    if (args[i] === '--help') return { help: true };
    if (args[i] === '--realtime') options.realtime = true;
    else if (args[i] === '--quick') Object.assign(options, { repeats: suite.repeats.quick, write: false });
    else if (args[i] === '--only') Object.assign(options, { only: (args[++i] ?? '').split(','), write: false });
    else throw new Error(`Unknown option ${args[i]}.\n\n${HELP}`);
  }
  const unknown = options.only.find((name) => !suite.sections.includes(name));
  if (unknown !== undefined) throw new Error(`Unknown section '${unknown}'.\n\n${HELP}`);
  return options;
}

async function main() {
  const options = { ...readOptions(process.argv.slice(2)), log: (line) => console.error(`  ${line}`) };
  if (options.help) return console.log(HELP);
  const prepared = await options.suite.prepare(options.log);
  if (options.realtime) useRealtime();
  const report = await options.suite.measure(options, prepared);
  console.log(report);
  if (options.write) writeResults(options.suite.command, report);
}

const keepAlive = setInterval(() => {}, 60_000); // the service's processes do not keep the event loop alive
try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  clearInterval(keepAlive);
}
