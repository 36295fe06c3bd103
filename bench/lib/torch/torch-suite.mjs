/** `npm run bench -- torch`: the torch backend on the CPU, against transformers + PEFT and against itself. */
import { describeRun } from '../machine.mjs';
import { prepareTorch } from '../prepare.mjs';
import { toMarkdown } from '../report.mjs';
import { startTorch, withBothSides } from '../sides.mjs';
import { measureAdapters } from './adapters.mjs';
import { measureCommands } from './commands.mjs';
import { measureDecode } from './decode.mjs';
import { measurePasses } from './passes.mjs';
import { measureRecovery } from './recovery.mjs';

/** Those of the engine alone, next to the peer. */
const ENGINE_SECTIONS = {
  passes: measurePasses,
  adapters: measureAdapters,
  commands: measureCommands,
  decode: measureDecode,
};

export const torchSuite = {
  command: 'npm run bench -- torch',
  sections: [...Object.keys(ENGINE_SECTIONS), 'recovery'],
  repeats: { full: 7, quick: 2 },

  prepare: prepareTorch,

  async measure(options) {
    const { peer, parts } = await withBothSides((sides) => measureEngine(sides, options), {}, startTorch);
    // The service starts ranks of its own.
    if (options.only.includes('recovery')) parts.push(await measureRecovery(options));
    const machine = [
      ...describeRun({ peer, repeats: options.repeats, realtime: options.realtime }),
      ['Model', 'the shape of SmolLM2-135M, random weights; recovery: the bundled tiny model, through the service'],
    ];
    return toMarkdown({ machine, rows: parts.flatMap(({ rows }) => rows), facts: parts.flatMap(({ facts }) => facts) });
  },
};

async function measureEngine(sides, options) {
  const parts = [];
  for (const [name, measure] of Object.entries(ENGINE_SECTIONS)) {
    if (options.only.includes(name)) parts.push(await measure(sides, options));
  }
  return { peer: sides.peer.ready, parts };
}
