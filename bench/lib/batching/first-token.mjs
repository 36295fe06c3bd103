/** How long a short prompt waits for its first token while a long one is read and others decode. */
import { sequencesOf } from '../batches.mjs';
import { median, percentile } from '../measure.mjs';
import { checkpointSettings, withService } from '../service.mjs';

const DECODING = 16;
const LONG_PROMPT = 1500;
const SHORT_PROMPT = 46;
const LOAD_TOKENS = 400;
const PROBES = 4;

export async function measureFirstToken({ repeats, log }) {
  log('time to the first token under load');
  const waits = [];
  const steps = [];
  await withService(checkpointSettings(), async ({ client }) => {
    for (let round = 0; round <= repeats; round++) {
      const measured = await oneRound(client, round);
      if (round === 0) continue;
      waits.push(...measured.waits);
      steps.push(...measured.steps);
    }
  });
  const step = median(steps);
  const [p50, p95] = [median(waits), percentile(waits, 0.95)];
  const row = {
    name: `first token of ${SHORT_PROMPT} tokens, p95, during ${LONG_PROMPT} and ${DECODING} others`,
    unit: 'ms',
    versus: 'decode step of that load',
    figure: 'ratio',
    ours: { median: p95, best: p50 },
    other: { median: step, best: step },
    value: p95 / step,
    valueOfBest: p50 / step,
    target: { atMost: 3 },
    met: p95 / step <= 3,
  };
  return { rows: [row], facts: [`First tokens: ${waits.length} requests; "best" of that row is their p50.`] };
}

async function oneRound(client, round) {
  const controller = new AbortController();
  const ticks = [];
  const load = sequencesOf(Array(DECODING).fill(SHORT_PROMPT - 1), 10_000 + round).map((tokens, i) =>
    stream(
      client,
      { tokens, seed: i, max_new_tokens: LOAD_TOKENS },
      controller,
      () => i === 0 && ticks.push(performance.now()),
    ),
  );
  while (ticks.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const [long] = sequencesOf([LONG_PROMPT - 1], 20_000 + round);
  let longDone = false;
  const reading = stream(client, { tokens: long, max_new_tokens: 1 }, controller, () => (longDone = true));
  const from = ticks.length;
  const waits = [];
  for (let probe = 0; probe < PROBES && !longDone; probe++) {
    const [tokens] = sequencesOf([SHORT_PROMPT - 1], 30_000 + round * PROBES + probe);
    waits.push(await firstToken(client, tokens));
  }
  const steps = ticks.slice(from).map((at, i) => at - ticks[from + i - 1]);
  await reading;
  controller.abort();
  await Promise.allSettled(load);
  return { waits, steps };
}

async function firstToken(client, tokens) {
  const controller = new AbortController();
  const started = performance.now();
  let ms = null;
  await stream(client, { tokens, max_new_tokens: 1 }, controller, () => (ms ??= performance.now() - started));
  return ms;
}

/** Calls `onToken` for every event of a streamed generation; ends without an error when it is aborted. */
async function stream(client, request, { signal }, onToken) {
  try {
    const response = await fetch(`${client.url}/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...request, stream: true, temperature: 1 }),
      signal,
    });
    if (!response.ok) throw new Error(`generate: ${response.status} ${await response.text()}`);
    for await (const chunk of response.body) {
      for (const line of Buffer.from(chunk).toString().split('\n')) if (line.startsWith('data:')) onToken(line);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
