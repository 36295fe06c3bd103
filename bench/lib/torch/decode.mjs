/** Sixteen requests decoded at once, against transformers' generate one by one. */
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';

const [REQUESTS, PROMPT, NEW_TOKENS] = [16, 46, 48];
/** generate takes long for all of them: each repeat has other ones. */
const OF_PEER = 4;

export async function measureDecode({ ours, peer }, { repeats, log }) {
  log(`decoding ${REQUESTS} requests`);
  const prompts = sequencesOf(Array(REQUESTS).fill(PROMPT - 1));
  let next = 0;
  const oneByOne = async () => {
    let ms = 0;
    for (let i = 0; i < OF_PEER; i++) {
      const answer = await peer.ask({
        op: 'decode',
        prompt: prompts[next++ % REQUESTS],
        batch: 1,
        new_tokens: NEW_TOKENS,
      });
      ms += answer.ms;
    }
    return (OF_PEER * NEW_TOKENS * 1000) / ms;
  };
  const together = async () => (await ours.ask({ op: 'decode_many', prompts, new_tokens: NEW_TOKENS })).tokens_per_s;
  const samples = await alternate({ ours: together, peer: oneByOne }, repeats);
  const row = compare({
    name: `${REQUESTS} requests, prompts of ${PROMPT} tokens, ${NEW_TOKENS} new tokens each`,
    unit: 'tokens/s',
    ours: samples.ours,
    other: samples.peer,
    versus: 'generate, one by one',
    figure: 'ratio',
    target: { atLeast: 5 },
  });
  return { rows: [row], facts: ['Ours decodes with the base model, the peer with its adapter.'] };
}
