/** `npm run bench -- streams`: what OpenAI's chat route adds to the first token of a stream. */
import path from 'node:path';
import { bootstrap } from '../../../scripts/lib/bootstrap.mjs';
import { describeMachine, describeScheduling } from '../machine.mjs';
import { compare } from '../measure.mjs';
import { tinyModel } from '../paths.mjs';
import { toMarkdown } from '../report.mjs';
import { measureFirstToken } from './first-token.mjs';

/** The random checkpoint of the other suites is of no use here: most of its tokens have no text. */
const MODELS = {
  tiny: { model: tinyModel, settings: () => ({ BASE_MODELS: tinyModel }) },
};

export const streamsSuite = {
  command: 'npm run bench -- streams',
  sections: Object.keys(MODELS),
  /** Pairs of requests. */
  repeats: { full: 200, quick: 40 },

  prepare: (log) => bootstrap({ log }),

  async measure({ only, repeats, realtime, log }) {
    const rows = [];
    for (const name of only) {
      log(`first tokens of ${name}`);
      const { model, settings } = MODELS[name];
      const { chat, generate } = await measureFirstToken({ base: path.basename(model), settings, repeats });
      rows.push(
        compare({
          name: `first token, ${name}`,
          unit: 'ms',
          ours: chat,
          other: generate,
          versus: '/generate',
          figure: 'added',
          target: { atMost: 5 },
        }),
      );
    }
    const machine = [...describeMachine(), ['Repeats', `${repeats}, alternating`], describeScheduling(realtime)];
    return toMarkdown({ machine, rows, facts: FACTS });
  },
};

const FACTS = [
  'The same conversation and seed as a stream by `/v1/chat/completions` and by `/generate`, from the request to the first event with text.',
];
