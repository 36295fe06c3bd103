/** `npm run bench -- tinker`: the service as clients of the Tinker API see it, on the bundled tiny model. */
import { describeMachine, describeScheduling } from '../machine.mjs';
import { SDK_VERSION } from '../paths.mjs';
import { prepareTinker } from '../prepare.mjs';
import { toList, toSentence } from '../report.mjs';
import { measurePolls } from './polls.mjs';
import { measureRoundTrips } from './round-trips.mjs';
import { measureSamples } from './samples.mjs';

const MEASURES = { 'round-trips': measureRoundTrips, samples: measureSamples, polls: measurePolls };

export const tinkerSuite = {
  command: 'npm run bench -- tinker',
  sections: Object.keys(MEASURES),
  /** Blocks of ten round trips per side. */
  repeats: { full: 40, quick: 10 },

  prepare: prepareTinker,

  async measure(options) {
    const about = [
      ...describeMachine(),
      ['Client', `Tinker SDK ${SDK_VERSION}, and Node's fetch for everything not marked as the SDK`],
      ['Repeats', `${options.repeats * 10} round trips of each kind, alternating in blocks of ten`],
      describeScheduling(options.realtime),
    ];
    const parts = [toList(about.map(toSentence))];
    for (const name of options.only) parts.push(await MEASURES[name](options));
    return parts.join('\n\n');
  },
};
