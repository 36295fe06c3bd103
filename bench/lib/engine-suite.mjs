/** `npm run bench`: our engine against transformers + PEFT on PyTorch, and the service against the engine alone. */
import { measureDecode } from './decode.mjs';
import { describeRun, hasBfloat16 } from './machine.mjs';
import { measureMemory } from './memory.mjs';
import { measureOverhead } from './overhead.mjs';
import { measureExpressions } from './expressions.mjs';
import { measureBfloat16, measurePasses, measurePaddedBaseline } from './passes.mjs';
import { prepareEngine } from './prepare.mjs';
import { toMarkdown } from './report.mjs';
import { startPeer, withBothSides } from './sides.mjs';

export const engineSuite = {
  command: 'npm run bench',
  sections: ['passes', 'decode', 'baseline', 'bfloat16', 'expressions', 'memory', 'service'],
  repeats: { full: 7, quick: 3 },

  /** Resolves with the peer's versions. */
  async prepare(log) {
    await prepareEngine(log);
    const peer = await startPeer();
    await peer.stop();
    return peer.ready;
  },

  async measure(options, peer) {
    return toMarkdown({ machine: describeRun({ peer, ...options }), ...(await measureSections(options)) });
  },
};

/** The parts of the report in its order. */
async function measureSections(options) {
  const wanted = (name) => options.only.includes(name);
  const parts = [];
  if (['passes', 'decode', 'baseline'].some(wanted)) {
    await withBothSides(async (sides) => {
      if (wanted('passes')) parts.push(await measurePasses(sides, options));
      if (wanted('decode')) parts.push(await measureDecode(sides, options));
      if (wanted('baseline')) parts.push(await measurePaddedBaseline(sides, options));
    });
  }
  if (wanted('bfloat16') && hasBfloat16()) {
    parts.push(await withBothSides((sides) => measureBfloat16(sides, options), { dtype: 'bfloat16' }));
  }
  if (wanted('expressions')) parts.push(await measureExpressions(options));
  if (wanted('memory')) parts.push(await measureMemory(options));
  if (wanted('service')) parts.push(await measureOverhead(options));
  return { rows: parts.flatMap(({ rows }) => rows), facts: parts.flatMap(({ facts }) => facts) };
}
