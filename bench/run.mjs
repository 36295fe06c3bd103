/**
 * npm run bench [-- batching | torch | tinker | durability | jobs | fairness | streams]: runs one of eight benchmark suites, prints a report and writes it to bench/RESULTS.md. It
 * never asserts a duration.
 */
import { batchingSuite } from './lib/batching/batching-suite.mjs';
import { durabilitySuite } from './lib/durability/durability-suite.mjs';
import { engineSuite } from './lib/engine-suite.mjs';
import { fairnessSuite } from './lib/fairness/fairness-suite.mjs';
import { jobsSuite } from './lib/jobs/jobs-suite.mjs';
import { useRealtime } from './lib/prepare.mjs';
import { writeResults } from './lib/report.mjs';
import { streamsSuite } from './lib/streams/streams-suite.mjs';
import { tinkerSuite } from './lib/tinker/tinker-suite.mjs';
import { torchSuite } from './lib/torch/torch-suite.mjs';

const NAMED_SUITES = {
  batching: batchingSuite,
  torch: torchSuite,
  tinker: tinkerSuite,
  durability: durabilitySuite,
  jobs: jobsSuite,
  fairness: fairnessSuite,
  streams: streamsSuite,
};

const HELP = `npm run bench [-- batching | torch | tinker | durability | jobs | fairness | streams] [options]

  (no suite)         the engine against PyTorch, and the service against the engine: ${engineSuite.sections.join(', ')}
  batching           adapters and generations that run at once: ${batchingSuite.sections.join(', ')}
  torch              the torch backend against transformers + PEFT: ${torchSuite.sections.join(', ')}
  tinker             latency, memory and long polls with the Tinker SDK: ${tinkerSuite.sections.join(', ')}
  durability         recovery time and the cost of durability: ${durabilitySuite.sections.join(', ')}
  jobs               fine-tuning jobs against the same requests from a client: ${jobsSuite.sections.join(', ')}
  fairness           ten keys, one of which floods the service: ${fairnessSuite.sections.join(', ')}
  streams            the first token of a chat completion against /generate: ${streamsSuite.sections.join(', ')}

  --quick            fewer repeats; does not write RESULTS.md
  --only <sections>  only these sections, comma-separated; does not write RESULTS.md
  --before <commit>  batching: also compare with this earlier version, which is built in .cache
  --realtime         real-time scheduling for all measured processes, for busy machines (Linux, root)
  --help             show this help`;

function readOptions(args) {
  const named = Object.hasOwn(NAMED_SUITES, args[0] ?? '');
  const suite = named ? NAMED_SUITES[args[0]] : engineSuite;
  const options = {
    suite,
    repeats: suite.repeats.full,
    only: suite.sections,
    realtime: false,
    before: null,
    write: true,
  };
  for (let i = named ? 1 : 0; i < args.length; i++) {
    if (args[i] === '--help') return { help: true };
    if (args[i] === '--realtime') options.realtime = true;
    else if (args[i] === '--before') options.before = args[++i] ?? '';
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
  const prepared = await options.suite.prepare(options.log, options);
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
