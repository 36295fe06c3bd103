/** This version against an earlier one: single requests, long sequences, and a rollout of many prompts. */
import { sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';
import { checkpointSettings, withService } from '../service.mjs';
import { startOurs } from '../sides.mjs';
import { TinkerClient } from '../tinker/tinker-client.mjs';

const PASSES = [
  { name: '1x46', lengths: [46], target: 1 / 0.98, more: 3 },
  { name: '4x256', lengths: Array(4).fill(256), target: 0.95, more: 1 },
  { name: '1x1024', lengths: [1024], target: 0.8, more: 1 },
];
const DECODE_REPEATS = 3;
const ROLLOUT = 64;
const WARM_UP = 4;
const NEW_TOKENS = 64;
const PROMPT = 46;

/** Nothing to do without `npm run bench -- batching --before <commit>`. */
export async function measureVersions({ repeats, log, earlier }) {
  if (earlier === null) return { rows: [], facts: ['Not compared with an earlier version (--before <commit>).'] };
  const rows = [...(await engines(repeats, log, earlier)), await rollouts(log, earlier)];
  return { rows, facts: [] };
}

async function engines(repeats, log, earlier) {
  const [ours, before] = [await startOurs(), await startOurs({ root: earlier })];
  try {
    const rows = [];
    for (const { name, lengths, target, more } of PASSES) {
      log(`forward + backward against the earlier version, ${name}`);
      const sequences = sequencesOf(lengths);
      const step = (side) => async () => (await side.ask({ op: 'step', sequences })).ms;
      const samples = await alternate({ ours: step(ours), before: step(before) }, repeats * more);
      rows.push(against(`forward + backward, ${name}`, 'ms', samples, { atMost: Number(target.toFixed(2)) }));
    }
    log('greedy decode against the earlier version');
    const [prompt] = sequencesOf([PROMPT - 1]);
    const decode = (side) => async () =>
      (await side.ask({ op: 'decode', prompt, batch: 1, new_tokens: 48 })).decode_tokens_per_s;
    const samples = await alternate({ ours: decode(ours), before: decode(before) }, repeats * DECODE_REPEATS);
    rows.push(against('greedy decode, batch 1', 'tokens/s', samples, { atLeast: 0.98 }));
    return rows;
  } finally {
    await Promise.all([ours.stop(), before.stop()]);
  }
}

/** One after the other: both services at once would share the cores. */
async function rollouts(log, earlier) {
  log(`a rollout of ${ROLLOUT} prompts against the earlier version`);
  const before = await rolloutSpeed(earlier);
  const ours = await rolloutSpeed(undefined);
  return against(
    `rollout, ${ROLLOUT} prompts, ${NEW_TOKENS} new tokens each`,
    'tokens/s',
    { ours, before },
    { atLeast: 4 },
  );
}

/** After a few prompts that warm up. */
function rolloutSpeed(root) {
  return withService(
    checkpointSettings(),
    async ({ url }) => {
      const client = new TinkerClient(url);
      const session_id = await client.createSession();
      const { answer } = await client.post('create_sampling_session', {
        session_id,
        sampling_session_seq_id: 0,
        base_model: 'smollm2-135m-random',
      });
      await rollout(client, answer.sampling_session_id, 0, WARM_UP);
      return [await rollout(client, answer.sampling_session_id, WARM_UP, ROLLOUT)];
    },
    root,
  );
}

async function rollout(client, sampling_session_id, first, count) {
  const prompts = sequencesOf(Array(count).fill(PROMPT - 1), 40_000 + first);
  const started = performance.now();
  await Promise.all(
    prompts.map(async (tokens, i) => {
      const answer = await client.retrieve(
        await client.submit('asample', {
          sampling_session_id,
          seq_id: first + i,
          prompt: { chunks: [{ type: 'encoded_text', tokens }] },
          num_samples: 1,
          sampling_params: { max_tokens: NEW_TOKENS, temperature: 1, seed: i },
        }),
      );
      if (answer.error) throw new Error(`asample: ${JSON.stringify(answer)}`);
    }),
  );
  return (count * NEW_TOKENS * 1000) / (performance.now() - started);
}

function against(name, unit, { ours, before }, target) {
  return compare({ name, unit, ours, other: before, versus: 'earlier version', figure: 'ratio', target });
}
