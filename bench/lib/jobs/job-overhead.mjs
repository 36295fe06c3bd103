/** A fine-tuning job, and a client that sends the same requests with as many of them in the queue. */
import path from 'node:path';
import { alternate } from '../measure.mjs';
import { withService } from '../service.mjs';

const BATCH = 8;
/** As many steps as a job has in the queue. */
const STEPS_IN_QUEUE = 3;
const LEARNING_RATE = 0.0001;
const LORA = {
  rank: 16,
  alpha: 32,
  target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
};

/** Resolves with the milliseconds of each: { job, loop }. */
export async function measureJobs({ model, steps, settings, repeats }) {
  const chats = Array.from({ length: steps * BATCH }, (_, i) => ({
    messages: [
      { role: 'user', content: `What is ${i} + ${steps}, and what is it if you add one more?` },
      { role: 'assistant', content: `It is ${i + steps}, and with one more it is ${i + steps + 1}.` },
    ],
  }));
  return withService(settings(), async (service) => {
    const base = path.basename(model);
    const training_file = await upload(service.url, chats);
    let loops = 0;
    return alternate(
      {
        job: () => timed(() => runJob(service, { model: base, training_file })),
        loop: () => timed(() => runLoop(service.client, { adapter: `loop-${++loops}`, base, chats })),
      },
      repeats,
    );
  });
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function upload(url, rows) {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([rows.map((row) => JSON.stringify(row)).join('\n')]), 'chats.jsonl');
  const response = await fetch(`${url}/v1/files`, { method: 'POST', body: form });
  const { id } = await response.json();
  if (!response.ok) throw new Error(`The file was refused with ${response.status}.`);
  return id;
}

/** The stream of metrics ends with the job. */
async function runJob({ client, url }, { model, training_file }) {
  const hyperparameters = { n_epochs: 1, batch_size: BATCH, learning_rate: LEARNING_RATE, lr_schedule: 'constant' };
  const method = { type: 'supervised', supervised: { hyperparameters } };
  const { id } = await client.call('v1/fine_tuning/jobs', { model, training_file, method });
  const headers = { accept: 'text/event-stream' };
  const stream = await (await fetch(`${url}/v1/fine_tuning/jobs/${id}/metrics`, { headers })).text();
  if (!stream.includes('{"status":"succeeded"}')) throw new Error(`${id} did not succeed:\n${stream.slice(-1000)}`);
}

async function runLoop(client, { adapter, base, chats }) {
  await client.call('adapters', { model_id: adapter, base_model: base, lora_config: LORA });
  const open = [];
  for (let first = 0; first < chats.length; first += BATCH) {
    const data = chats.slice(first, first + BATCH);
    const loss_fn_inputs = { weights: data.map(() => 0.01) };
    const pass = { model_id: adapter, data, train_on: 'assistant', loss_fn_inputs };
    open.push(await client.submit('fwdbwd', pass));
    const step = { model_id: adapter, adam_params: { learning_rate: LEARNING_RATE } };
    open.push(await client.submit('optim_step', step));
    while (open.length > 2 * (STEPS_IN_QUEUE - 1)) await result(client, open.shift());
  }
  for (const id of open) await result(client, id);
  await result(client, await client.submit('save_weights_for_sampler', { model_id: adapter, name: 'epoch-1' }));
}

async function result(client, request_id) {
  let reply;
  do reply = await client.post('retrieve_future', { request_id });
  while (reply.status === 202);
  if (reply.status !== 200 || reply.answer.error) throw new Error(JSON.stringify(reply.answer));
}
