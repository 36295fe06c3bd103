/** Greedy decode against the peer: tokens per second after the first token. */
import { sequencesOf } from './batches.mjs';
import { alternate, compare } from './measure.mjs';

const PROMPT_TOKENS = 46;
const NEW_TOKENS = 48;
const CASES = [
  { batch: 1, target: 2.5 },
  { batch: 8, target: 2 },
];

export async function measureDecode({ ours, peer }, { repeats, log }) {
  const [prompt] = sequencesOf([PROMPT_TOKENS - 1]);
  const rows = [];
  for (const { batch, target } of CASES) {
    log(`greedy decode, batch ${batch}`);
    const last = {};
    const decode = (name, side) => async () => {
      last[name] = await side.ask({ op: 'decode', prompt, batch, new_tokens: NEW_TOKENS });
      return last[name].decode_tokens_per_s;
    };
    const samples = await alternate({ ours: decode('ours', ours), peer: decode('peer', peer) }, repeats);
    if (last.ours.tokens.join() !== last.peer.tokens.join()) throw new Error('The two sides decoded different tokens.');
    const sides = { ours: samples.ours, other: samples.peer, versus: 'peer' };
    const name = `greedy decode, batch ${batch}`;
    rows.push(compare({ name, unit: 'tokens/s', ...sides, figure: 'ratio', target: { atLeast: target } }));
  }
  return { rows, facts: ['Both sides decode the same tokens.'] };
}
