/**
 * A future without work, from the call to its result: through the Tinker SDK, over plain HTTP, and beside them what
 * no service could do without: two HTTP requests, and the commits and the notification of the database.
 */
import path from 'node:path';
import { JsonLinesProcess } from '../json-lines-process.mjs';
import { median, percentile } from '../measure.mjs';
import { projectRoot, sdkPython, tinyModel } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { BareDatabase } from './bare-database.mjs';
import { TinkerClient } from './tinker-client.mjs';

/** Calls in a row before the other side has its turn. */
const BLOCK = 10;
const HEAD = [
  'sequential round trips',
  'p50',
  'p99',
  'reference',
  'reference p50',
  'reference p99',
  'p50 ratio',
  'p99 ratio',
];

export async function measureRoundTrips({ repeats, log }) {
  log('round trips without work');
  return withService({ BASE_MODELS: tinyModel }, async (service) => {
    const sides = await startSides(service);
    try {
      const samples = await alternateBlocks(sides.calls, repeats);
      return toTable(HEAD, [
        row('Tinker SDK', samples.sdk, 'plain HTTP', samples.http),
        row('plain HTTP', samples.http, '2 empty requests', samples.empty),
        row('plain HTTP', samples.http, 'bare database', samples.database),
      ]);
    } finally {
      await sides.stop();
    }
  });
}

async function startSides({ url, databaseUrl }) {
  const client = new TinkerClient(url);
  const { modelId, requestId } = await client.createModel(path.basename(tinyModel));
  await client.retrieve(requestId);
  const program = path.join(projectRoot, 'bench', 'peer', 'tinker_peer.py');
  const sdk = await JsonLinesProcess.start(sdkPython, [program, url]);
  const database = await BareDatabase.connect(databaseUrl);
  let seqId = 0;
  return {
    calls: {
      sdk: async () => (await sdk.ask({ op: 'round_trips', count: BLOCK })).ms,
      http: () => timed(() => noWork(client, modelId, ++seqId)),
      empty: () => timed(async () => [await client.noWork(), await client.noWork()]),
      database: () => timed(() => database.roundTrip()),
    },
    stop: async () => {
      await sdk.stop();
      await database.close();
    },
  };
}

/** An optimizer step without gradients goes all the way to the engine, which rejects it. */
async function noWork(client, modelId, seqId) {
  const body = { model_id: modelId, seq_id: seqId, adam_params: { learning_rate: 1e-4 } };
  const result = await client.retrieve(await client.submit('optim_step', body));
  if (!result.error) throw new Error(`An optimizer step without gradients was accepted: ${JSON.stringify(result)}`);
}

/** Milliseconds of each call of a block. */
async function timed(call) {
  const times = [];
  for (let i = 0; i < BLOCK; i++) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return times;
}

/** Each side has its block in turn; the first fifth of the rounds warms up. */
async function alternateBlocks(calls, repeats) {
  const samples = Object.fromEntries(Object.keys(calls).map((name) => [name, []]));
  for (let round = -Math.ceil(repeats / 5); round < repeats; round++) {
    for (const [name, call] of Object.entries(calls)) {
      const times = await call();
      if (round >= 0) samples[name].push(...times);
    }
  }
  return samples;
}

function row(name, ours, versus, other) {
  const ms = (value) => `${value.toFixed(1)} ms`;
  const [p50, p99] = [median, (numbers) => percentile(numbers, 0.99)].map((of) => [of(ours), of(other)]);
  const [ratio50, ratio99] = [p50, p99].map(([a, b]) => (a / b).toFixed(2));
  return [name, ms(p50[0]), ms(p99[0]), versus, ms(p50[1]), ms(p99[1]), ratio50, ratio99];
}
