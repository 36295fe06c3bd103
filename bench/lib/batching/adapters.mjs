/** Many adapters that train at once, each with one short chat, against one adapter with as many chats. */
import { datumsOf, sequencesOf } from '../batches.mjs';
import { alternate, compare } from '../measure.mjs';
import { checkpointSettings, withService } from '../service.mjs';

const TOKENS = 46;
const CASES = [
  { count: 16, ranks: [16], target: 0.9, name: '16 adapters' },
  { count: 64, ranks: [4, 8, 16, 32], target: 0.85, name: '64 adapters of ranks 4 to 32' },
];

export async function measureAdapters({ repeats, log }) {
  return withService(checkpointSettings(), async ({ client }) => {
    const rows = [];
    for (const one of CASES) {
      log(`${one.name}, one chat each`);
      rows.push(await manyAgainstOne(client, { repeats, ...one }));
    }
    return { rows, facts: [] };
  });
}

async function manyAgainstOne(client, { count, ranks, target, name, repeats }) {
  const ids = Array.from({ length: count }, (_, i) => `many-${count}-${i}`);
  for (const [i, model_id] of ids.entries()) {
    await client.call('add_lora', { model_id, lora_config: { rank: ranks[i % ranks.length] } });
  }
  const chats = sequencesOf(Array(count).fill(TOKENS));
  const perSecond = async (steps) => {
    const started = performance.now();
    await Promise.all(steps.map(({ model_id, chats: own }) => train(client, model_id, own)));
    const ms = performance.now() - started;
    // Not part of it: gradients of the pass are used up, so that every pass starts without any.
    await Promise.all(steps.map(({ model_id }) => step(client, model_id)));
    return (count * TOKENS * 1000) / ms;
  };
  const samples = await alternate(
    {
      many: () => perSecond(ids.map((model_id, i) => ({ model_id, chats: [chats[i]] }))),
      one: () => perSecond([{ model_id: 'one', chats }]),
    },
    repeats,
  );
  const sides = { ours: samples.many, other: samples.one, versus: `one adapter, ${count}x${TOKENS}` };
  return compare({
    name: `${name}, 1x${TOKENS} each`,
    unit: 'tokens/s',
    ...sides,
    figure: 'ratio',
    target: { atLeast: target },
  });
}

async function train(client, model_id, chats) {
  await finished(client, 'fwdbwd', { model_id, data: datumsOf(chats), loss_fn: 'cross_entropy' });
}

async function step(client, model_id) {
  await finished(client, 'optim_step', { model_id, adam_params: { learning_rate: 0.0001 } });
}

async function finished(client, route, body) {
  const { status, answer } = await client.roundTrip(route, body);
  if (status !== 200) throw new Error(`${route}: ${JSON.stringify(answer)}`);
}
