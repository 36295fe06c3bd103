/** `npm run bench -- batching`: what sharing the base model between adapters and requests is worth, through the service. */
import { describeMachine, describeScheduling } from '../machine.mjs';
import { prepareEngine } from '../prepare.mjs';
import { toMarkdown } from '../report.mjs';
import { measureAdapters } from './adapters.mjs';
import { prepareEarlier } from './earlier.mjs';
import { measureFirstToken } from './first-token.mjs';
import { measureLlama } from './llama.mjs';
import { measureLongContexts } from './long-contexts.mjs';
import { measureSamples } from './samples.mjs';
import { measureVersions } from './versions.mjs';

const SECTIONS = {
  adapters: measureAdapters,
  samples: measureSamples,
  'first-token': measureFirstToken,
  contexts: measureLongContexts,
  llama: measureLlama,
  versions: measureVersions,
};

export const batchingSuite = {
  command: 'npm run bench -- batching',
  sections: Object.keys(SECTIONS),
  repeats: { full: 5, quick: 2 },

  /** Resolves with the folder of the version to compare with; null without one. */
  async prepare(log, { before }) {
    await prepareEngine(log);
    return before === null ? null : prepareEarlier(before, log);
  },

  async measure(options, earlier) {
    const parts = [];
    for (const name of options.only) parts.push(await SECTIONS[name]({ ...options, earlier }));
    const machine = [
      ...describeMachine(),
      ['Model', 'the shape of SmolLM2-135M, random weights, float32, 2 threads'],
      ['Repeats', `median of ${options.repeats} after one warm-up, alternating between the sides`],
      ...(options.before === null ? [] : [['Earlier version', options.before]]),
      describeScheduling(options.realtime),
    ];
    return toMarkdown({ machine, rows: parts.flatMap(({ rows }) => rows), facts: parts.flatMap(({ facts }) => facts) });
  },
};
