/** `npm run bench -- streams`: what OpenAI's chat route adds to the first token of a stream. */
import { bootstrap } from '../../../scripts/lib/bootstrap.mjs';
import { describeMachine, describeScheduling } from '../machine.mjs';
import { compare } from '../measure.mjs';
import { toMarkdown } from '../report.mjs';
import { measureFirstToken } from './first-token.mjs';

export const streamsSuite = {
  command: 'npm run bench -- streams',
  /** The random checkpoint of the other suites is of no use here: most of its tokens have no text. */
  sections: ['tiny'],
  /** Pairs of requests. */
  repeats: { full: 200, quick: 40 },

  prepare: (log) => bootstrap({ log }),

  async measure({ repeats, realtime, log }) {
    log('first tokens of tiny');
    const { chat, generate } = await measureFirstToken(repeats);
    const row = compare({
      name: 'first token, tiny',
      unit: 'ms',
      ours: chat,
      other: generate,
      versus: '/generate',
      figure: 'added',
      target: { atMost: 5 },
    });
    const machine = [...describeMachine(), ['Repeats', `${repeats}, alternating`], describeScheduling(realtime)];
    return toMarkdown({ machine, rows: [row], facts: FACTS });
  },
};

const FACTS = [
  'The same conversation and seed as a stream by `/v1/chat/completions` and by `/generate`, from the request to the first event with text.',
];
