/** Generations that run at once: different prompts and adapters, and samples that share a prompt. */
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';
import { checkpointSettings, withService } from '../service.mjs';

const PROMPT = 46;
const NEW_TOKENS = 64;
const AT_ONCE = 16;
const ADAPTERS = 4;
const SHARED_PROMPT = 400;
const SHARING = 100;
/** Few, so that they do not hide what reading the prompt costs. */
const SHARED_NEW_TOKENS = 8;

export async function measureSamples({ repeats, log }) {
  const rows = [];
  await withService(checkpointSettings(), async ({ client }) => {
    log(`${AT_ONCE} generations with different prompts`);
    rows.push(await differentPrompts(client, repeats));
  });
  log(`${SHARING} samples of one prompt`);
  rows.push(await sharedPrompt(repeats));
  return { rows, facts: [] };
}

async function differentPrompts(client, repeats) {
  const adapters = Array.from({ length: ADAPTERS }, (_, i) => `sampled-${i}`);
  for (const [i, model_id] of adapters.entries()) await client.call('add_lora', { model_id, lora_config: { seed: i } });
  let round = 0;
  const many = async () => {
    // Other prompts in every round, so that none has been read before.
    const prompts = sequencesOf(Array(AT_ONCE).fill(PROMPT - 1), 100 + round++);
    return tokensPerSecond(AT_ONCE * NEW_TOKENS, () =>
      Promise.all(prompts.map((tokens, i) => generate(client, { model_id: adapters[i % ADAPTERS], tokens, seed: i }))),
    );
  };
  const one = async () => {
    const [tokens] = sequencesOf([PROMPT - 1], 1000 + round);
    const request = { model_id: adapters[0], tokens, n: AT_ONCE, seed: 1 };
    return tokensPerSecond(AT_ONCE * NEW_TOKENS, () => generate(client, request));
  };
  const samples = await alternate({ many, one }, repeats);
  return compare({
    name: `${AT_ONCE} generations, ${ADAPTERS} adapters, different prompts`,
    unit: 'tokens/s',
    ours: samples.many,
    other: samples.one,
    versus: `one request, n=${AT_ONCE}`,
    figure: 'ratio',
    target: { atLeast: 0.85 },
  });
}

/** Two services, one without a prefix cache; each round asks about a prompt that neither has seen. */
async function sharedPrompt(repeats) {
  const run = async (settings, seed) =>
    withService({ ...checkpointSettings(), ...settings }, async ({ client }) => {
      const times = [];
      for (let round = 0; round <= repeats; round++) {
        const [tokens] = sequencesOf([SHARED_PROMPT - 1], seed + round);
        const started = performance.now();
        await Promise.all(
          Array.from({ length: SHARING }, (_, i) =>
            generate(client, { tokens, seed: i, max_new_tokens: SHARED_NEW_TOKENS }),
          ),
        );
        if (round > 0) times.push(performance.now() - started);
      }
      return times;
    });
  const ours = await run({}, 2000);
  const other = await run({ PREFIX_CACHE_MB: '0' }, 2000);
  return compare({
    name: `${SHARING} samples, one prompt of ${SHARED_PROMPT} tokens`,
    unit: 'ms',
    ours,
    other,
    versus: 'without prefix cache',
    figure: 'ratio',
    target: { atMost: 0.35 },
  });
}

async function tokensPerSecond(tokens, work) {
  const started = performance.now();
  await work();
  return (tokens * 1000) / (performance.now() - started);
}

/** Random weights hardly ever draw an end token; a shorter answer would be counted as a whole one. */
async function generate(client, request) {
  const body = { max_new_tokens: NEW_TOKENS, temperature: 1, ...request };
  const { status, answer } = await client.post('generate', body);
  if (status !== 200) throw new Error(`generate: ${JSON.stringify(answer)}`);
}
