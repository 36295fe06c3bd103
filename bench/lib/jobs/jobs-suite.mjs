/** `npm run bench -- jobs`: what a fine-tuning job takes longer than the same requests from a client. */
import { bootstrap } from '../../../scripts/lib/bootstrap.mjs';
import { describeMachine, describeScheduling } from '../machine.mjs';
import { compare } from '../measure.mjs';
import { checkpoint, tinyModel } from '../paths.mjs';
import { prepareEngine } from '../prepare.mjs';
import { toMarkdown } from '../report.mjs';
import { checkpointSettings } from '../service.mjs';
import { measureJobs } from './job-overhead.mjs';

/** A job of each model takes seconds; the service is set up anew for each. */
const MODELS = {
  tiny: { model: tinyModel, steps: 64, settings: () => ({ BASE_MODELS: tinyModel }) },
  'smollm2-135m': { model: checkpoint, steps: 8, settings: checkpointSettings },
};

export const jobsSuite = {
  command: 'npm run bench -- jobs',
  sections: Object.keys(MODELS),
  /** Jobs, and as many loops. */
  repeats: { full: 9, quick: 2 },

  /** The large model alone needs more than the build. */
  prepare: (log, { only }) =>
    only.some((name) => MODELS[name].model === checkpoint) ? prepareEngine(log) : bootstrap({ log }),

  async measure({ only, repeats, realtime, log }) {
    const rows = [];
    for (const name of only) {
      log(`jobs and loops on ${name}`);
      const { job, loop } = await measureJobs({ ...MODELS[name], repeats });
      rows.push(
        compare({
          name: `${MODELS[name].steps} steps of 8 chats, ${name}`,
          unit: 'ms',
          ours: job,
          other: loop,
          versus: 'the same loop',
          figure: 'ratio',
          target: { atMost: 1.03 },
        }),
      );
    }
    const machine = [...describeMachine(), ['Repeats', `${repeats}, alternating`], describeScheduling(realtime)];
    return toMarkdown({ machine, rows, facts: FACTS });
  },
};

const FACTS = [
  'A job: from the POST to its last event, which includes the check of its file, an adapter, one checkpoint, and a file of metrics.',
  'The same loop: the same chats through `/fwdbwd` and `/optim_step` by a client that has as many steps in the queue as a job, ' +
    'from the creation of its adapter to the same checkpoint.',
];
