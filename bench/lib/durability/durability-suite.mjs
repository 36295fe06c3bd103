/** `npm run bench -- durability`: recovery time, and the cost of never losing an accepted request. */
import { describeMachine, describeScheduling } from '../machine.mjs';
import { prepareEngine } from '../prepare.mjs';
import { toList, toSentence } from '../report.mjs';
import { measureAcceptance } from './acceptance.mjs';
import { measureEviction } from './eviction.mjs';
import { measureRecovery } from './recovery.mjs';
import { measureStepCost } from './step-cost.mjs';

const MEASURES = {
  recovery: measureRecovery,
  eviction: measureEviction,
  acceptance: measureAcceptance,
  cost: measureStepCost,
};

export const durabilitySuite = {
  command: 'npm run bench -- durability',
  sections: Object.keys(MEASURES),
  /** Number of times a worker is killed. */
  repeats: { full: 12, quick: 3 },

  prepare: prepareEngine,

  async measure(options) {
    const about = [...describeMachine(), describeScheduling(options.realtime)];
    const parts = [toList(about.map(toSentence))];
    for (const name of options.only) parts.push(await MEASURES[name](options));
    return parts.join('\n\n');
  },
};
