/** Memory of the whole service (one process) while samples are accepted and wait or run, each of them polled for. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tinyModel } from '../paths.mjs';
import { toTable } from '../report.mjs';
import { withService } from '../service.mjs';
import { residentMegabytes } from './process-usage.mjs';
import { TinkerClient } from './tinker-client.mjs';

/** The last count is the maximum that one SamplingClient of the SDK sends before it waits. */
const IN_FLIGHT = [64, 256, 1024, 2000];
/** Maximum concurrent POSTs. */
const SENDERS = 64;
const PROMPT = Array.from({ length: 64 }, (_, i) => 5 + i);
const MAX_TOKENS = 256;
/** How long after reaching the count the memory is measured. */
const WATCH_MS = 3000;
const HEAD = ['samples in flight', 'sent', 'RSS before', 'peak RSS', 'ratio', 'increase per sample'];

/** One engine thread leaves the other core to the process that accepts the samples. */
const SETTINGS = { BASE_MODELS: tinyModel, ENGINE_THREADS: '1' };

/** Each count gets a new service, because Node does not return memory to the system. */
export async function measureSamples({ log }) {
  const rows = [];
  for (const count of IN_FLIGHT) {
    log(`${count} samples in flight`);
    rows.push(await withService(SETTINGS, (service) => measure(service, count)));
  }
  return toTable(HEAD, rows);
}

async function measure({ url, pid }, count) {
  const sender = await Sender.open(new TinkerClient(url));
  const before = residentMegabytes(pid);
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, residentMegabytes(pid))), 50);
  await sender.fill(count);
  await sleep(WATCH_MS);
  clearInterval(timer);
  sender.giveUp();
  const megabytes = (value) => `${value.toFixed(0)} MB`;
  const each = `${(((peak - before) * 1000) / count).toFixed(0)} kB`;
  return [String(count), String(sender.sent), megabytes(before), megabytes(peak), (peak / before).toFixed(2), each];
}

class Sender {
  #client;
  #session;
  #stopped = false;
  sent = 0;
  /** Accepted and not yet answered. */
  inFlight = 0;

  static async open(client) {
    const sender = new Sender();
    const session_id = await client.createSession();
    const body = { session_id, sampling_session_seq_id: 0, base_model: path.basename(tinyModel) };
    sender.#client = client;
    sender.#session = (await client.post('create_sampling_session', body)).answer.sampling_session_id;
    return sender;
  }

  /** Resolves when `count` samples are in flight; answered ones are replaced by new ones. */
  async fill(count) {
    let posting = 0;
    const line = async () => {
      while (this.inFlight + posting < count) {
        posting++;
        await this.#sample(this.sent++);
        posting--;
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, line));
  }

  /** From now on, connection errors are expected. */
  giveUp() {
    this.#stopped = true;
  }

  async #sample(seqId) {
    const requestId = await this.#client.submit('asample', {
      sampling_session_id: this.#session,
      seq_id: seqId,
      prompt: { chunks: [{ type: 'encoded_text', tokens: PROMPT }] },
      num_samples: 1,
      sampling_params: { max_tokens: MAX_TOKENS, temperature: 1, seed: seqId },
    });
    this.inFlight++;
    this.#client.retrieve(requestId).then(
      () => this.inFlight--,
      (error) => {
        if (!this.#stopped) throw error;
      },
    );
  }
}
