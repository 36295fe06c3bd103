/**
 * npm run bench: our engine against transformers + PEFT on PyTorch, and the service against the engine alone, always
 * alternating in one run. Prints a table and writes it to bench/RESULTS.md. Asserts nothing about times.
 */
import { measureDecode } from './lib/decode.mjs';
import { describeRun } from './lib/machine.mjs';
import { measureMemory } from './lib/memory.mjs';
import { measureOverhead } from './lib/overhead.mjs';
import { measurePasses, measureSeedsWay } from './lib/passes.mjs';
import { prepare, useRealtime } from './lib/prepare.mjs';
import { toMarkdown, writeResults } from './lib/report.mjs';
import { startPeer, withBothSides } from './lib/sides.mjs';

const SECTIONS = ['passes', 'decode', 'seed', 'memory', 'service'];
const HELP = `npm run bench [-- options]

  --quick            3 repeats instead of 7; RESULTS.md stays as it is
  --only <sections>  some of ${SECTIONS.join(',')}; RESULTS.md stays as it is
  --realtime         real-time scheduling for everything that is measured (Linux, root): for a busy machine
  --help             this text`;

function readOptions(args) {
  const options = { repeats: 7, only: SECTIONS, realtime: false, write: true };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--help') return { help: true };
    if (args[i] === '--realtime') options.realtime = true;
    else if (args[i] === '--quick') Object.assign(options, { repeats: 3, write: false });
    else if (args[i] === '--only') Object.assign(options, { only: (args[++i] ?? '').split(','), write: false });
    else throw new Error(`Unknown option ${args[i]}.\n\n${HELP}`);
  }
  const unknown = options.only.find((name) => !SECTIONS.includes(name));
  if (unknown !== undefined) throw new Error(`Unknown section '${unknown}'.\n\n${HELP}`);
  return options;
}

/** The parts of the report in its order. */
async function measure(options) {
  const wanted = (name) => options.only.includes(name);
  const parts = [];
  if (['passes', 'decode', 'seed'].some(wanted)) {
    await withBothSides(async (sides) => {
      if (wanted('passes')) parts.push(await measurePasses(sides, options));
      if (wanted('decode')) parts.push(await measureDecode(sides, options));
      if (wanted('seed')) parts.push(await measureSeedsWay(sides, options));
    });
  }
  if (wanted('memory')) parts.push(await measureMemory(options));
  if (wanted('service')) parts.push(await measureOverhead(options));
  return { rows: parts.flatMap(({ rows }) => rows), facts: parts.flatMap(({ facts }) => facts) };
}

async function peerVersions() {
  const peer = await startPeer();
  await peer.stop();
  return peer.ready;
}

async function main() {
  const options = { ...readOptions(process.argv.slice(2)), log: (line) => console.error(`  ${line}`) };
  if (options.help) return console.log(HELP);
  await prepare(options.log);
  const peer = await peerVersions();
  if (options.realtime) useRealtime();
  const report = toMarkdown({ machine: describeRun({ peer, ...options }), ...(await measure(options)) });
  console.log(report);
  if (options.write) writeResults(report);
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
