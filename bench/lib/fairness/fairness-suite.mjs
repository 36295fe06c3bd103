/** `npm run bench -- fairness`: how the engine's time is divided when one of ten keys floods the service. */
import { bootstrap } from '../../../scripts/lib/bootstrap.mjs';
import { describeMachine, describeScheduling } from '../machine.mjs';
import { median } from '../measure.mjs';
import { toList, toSentence, toTable } from '../report.mjs';
import { FLOOD_REQUESTS, measureFlood, TENANT_REQUESTS } from './flood.mjs';

const HEAD = [
  'keys',
  'Jain index of engine time',
  'least and most of ten',
  'request of the nine, alone',
  'in the flood',
];

/** What the nine keys do; the tenth does it fifty times as often. */
const MIXES = {
  training: ['train'],
  sampling: ['sample'],
  mixed: ['train', 'sample'],
};

export const fairnessSuite = {
  command: 'npm run bench -- fairness',
  sections: Object.keys(MIXES),
  /** Seconds of each measurement. */
  repeats: { full: 40, quick: 15 },

  prepare: (log) => bootstrap({ log }),

  async measure({ only, repeats: seconds, realtime, log }) {
    const rows = [];
    for (const name of only) {
      log(`a flood of ${name}`);
      const { jain, shares, alone, flooded } = await measureFlood({ kinds: MIXES[name], seconds });
      const percent = (share) => `${(100 * share).toFixed(1)} %`;
      rows.push([
        name,
        jain.toFixed(3),
        `${percent(Math.min(...shares))}, ${percent(Math.max(...shares))}`,
        `${median(alone).toFixed(0)} ms`,
        `${median(flooded).toFixed(0)} ms`,
      ]);
    }
    const machine = [...describeMachine(), ['Time', `${seconds} s of each`], describeScheduling(realtime)];
    return [toList(machine.map(toSentence)), toTable(HEAD, rows), toList(FACTS)].join('\n\n');
  },
};

const FACTS = [
  `Nine keys have ${TENANT_REQUESTS} requests open all the time, the tenth ${FLOOD_REQUESTS}, of the same kinds: ` +
    '128 tokens to train on, or 32 new tokens after a prompt of 32.',
  'Engine time is what `thinker_key_engine_seconds_total` counts; the target of its Jain index is 0.95.',
  'The last two columns are medians from a request to its result, without the tenth key and with it.',
];
