/** What HTTP, queue and Postgres add to the engine: the same passes through the service and on the engine alone. */
import { datumsOf, sequencesOf } from './batches.mjs';
import { alternate, compare, median, percentile } from './measure.mjs';
import { checkpointSettings, withService } from './service.mjs';
import { startOurs } from './sides.mjs';

const ADAPTER = 'bench';
/** A pass of 46 tokens is short, so a few milliseconds matter. */
const SHORT_REPEATS = 3;
const CASES = [
  { name: '8x64', lengths: Array(8).fill(64), figure: 'ratio', target: { atMost: 1.05 }, more: 1 },
  { name: '1x46', lengths: [46], figure: 'added', target: { atMost: 15 }, more: SHORT_REPEATS },
];
const ROUND_TRIPS = 200;

export async function measureOverhead({ repeats, log }) {
  log('starting the service');
  const engine = await startOurs();
  try {
    return await withService(checkpointSettings(), async ({ client, queue }) => {
      log('round trips without work');
      const withoutWork = await roundTrips(client);
      const rows = [];
      for (const one of CASES) {
        log(`through the service, ${one.name}`);
        rows.push(await throughService({ engine, client, repeats: repeats * one.more, ...one }));
      }
      return { rows, facts: [withoutWork, `The service's queue: ${queue}.`] };
    });
  } finally {
    await engine.stop();
  }
}

async function throughService({ engine, client, repeats, name, lengths, figure, target }) {
  const sequences = sequencesOf(lengths);
  const samples = await alternate(
    {
      service: () => serviceStep(client, sequences),
      engine: async () => (await engine.ask({ op: 'step', sequences })).ms,
    },
    repeats,
  );
  const sides = { ours: samples.service, other: samples.engine, versus: 'engine alone' };
  return compare({ name: `through the service, ${name}`, unit: 'ms', ...sides, figure, target });
}

/** The optimizer step, which is not timed, uses up the gradients: the engine alone starts each pass without any, too. */
async function serviceStep(client, sequences) {
  const body = { model_id: ADAPTER, data: datumsOf(sequences), loss_fn: 'cross_entropy' };
  const { ms, status, answer } = await client.roundTrip('fwdbwd', body);
  if (status !== 200) throw new Error(`fwdbwd: ${JSON.stringify(answer)}`);
  await optimizerStep(client);
  return ms;
}

/** An optimizer step without gradients goes all the way to the engine, which rejects it. The first half warms up. */
async function roundTrips(client) {
  await serviceStep(client, sequencesOf([46])); // makes the adapter
  const samples = [];
  for (let i = -ROUND_TRIPS; i < ROUND_TRIPS; i++) {
    const { ms, answer } = await optimizerStep(client);
    if (!answer.error) throw new Error(`An optimizer step without gradients was accepted: ${JSON.stringify(answer)}`);
    if (i >= 0) samples.push(ms);
  }
  const [p50, p99] = [median(samples), percentile(samples, 0.99)].map((ms) => ms.toFixed(1));
  return `A future without work, from POST to result: p50 ${p50} ms, p99 ${p99} ms (${ROUND_TRIPS} sequential calls).`;
}

function optimizerStep(client) {
  return client.roundTrip('optim_step', { model_id: ADAPTER, adam_params: { learning_rate: 0.0001 } });
}
