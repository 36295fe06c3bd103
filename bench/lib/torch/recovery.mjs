/** From SIGKILL of a rank in the middle of training to the next result, through the service. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { optimizerStep, SMALL, trainingStep } from '../durability/training.mjs';
import { median, percentile } from '../measure.mjs';
import { tinyModel, torchPython } from '../paths.mjs';
import { withService } from '../service.mjs';

const ADAPTER = 'north';
const SETTINGS = { BACKEND: 'torch', BASE_MODELS: tinyModel, TORCH_PYTHON: torchPython };

export async function measureRecovery({ repeats, log }) {
  log(`${repeats} kills of a rank`);
  return withService(SETTINGS, async ({ client, pid }) => {
    await trainingStep(client, ADAPTER);
    const times = [];
    for (let kill = 0; kill < repeats; kill++) times.push(await killOne(client, pid, kill));
    const [p50, max] = [median(times), Math.max(...times)].map((ms) => (ms / 1000).toFixed(1));
    const met = median(times) <= 10_000 ? 'met' : 'missed';
    const p90 = (percentile(times, 0.9) / 1000).toFixed(1);
    const fact = `From SIGKILL of a rank to the next result of its adapter: p50 ${p50} s (target: at most 10, ${met}), p90 ${p90} s, longest ${max} s (${repeats} kills).`;
    return { rows: [], facts: [fact] };
  });
}

async function killOne(client, service, kill) {
  await client.submit('fwdbwd', { model_id: ADAPTER, data: SMALL, loss_fn: 'cross_entropy' });
  await sleep(kill * 5);
  const killed = performance.now();
  process.kill(rankOf(service), 'SIGKILL');
  // Its result needs a new rank that has the adapter's state again.
  await optimizerStep(client, ADAPTER);
  return performance.now() - killed;
}

/** The process that the service has started to compute (Linux). */
function rankOf(service) {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isRankOf(service, name));
  if (found.length !== 1) throw new Error(`The service has ${found.length} ranks, where one was expected.`);
  return Number(found[0]);
}

function isRankOf(service, pid) {
  try {
    const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return parent === String(service) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('thinker_worker');
  } catch {
    return false; // it has ended meanwhile
  }
}
