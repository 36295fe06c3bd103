import OpenAI, { BadRequestError, NotFoundError, toFile } from 'openai';
import { type FineTuningJob, type JobCreateParams } from 'openai/resources/fine-tuning/jobs/jobs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { type ForwardAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/* Fine-tuning jobs through OpenAI's own client. */

const BASE = 'tiny-chat';
const SEED = 7;
const HYPERPARAMETERS = { n_epochs: 2, batch_size: 4, learning_rate: 0.005, max_grad_norm: 1 };
const CHATS = Array.from({ length: 22 }, (_, i) => ({
  messages: [
    { role: 'user' as const, content: `What is ${i} + 1?` },
    { role: 'assistant' as const, content: `It is ${i + 1}.` },
  ],
}));

let server: TestServer;
let client: OpenAI;
let chats: string;

beforeAll(async () => {
  server = await TestServer.start();
  client = new OpenAI({ apiKey: 'none', baseURL: `${server.api.url}/v1`, maxRetries: 0 });
  chats = await upload(CHATS);
});
afterAll(() => server.stop());

async function upload(rows: readonly object[], name = 'chats.jsonl'): Promise<string> {
  const content = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
  return (await client.files.create({ file: await toFile(content, name), purpose: 'fine-tune' })).id;
}

/** The extension fields are not in the client's types. */
function create(hyperparameters: object, body: Partial<JobCreateParams> = {}): Promise<FineTuningJob> {
  const method = { type: 'supervised', supervised: { hyperparameters } } as const;
  return client.fineTuning.jobs.create({ model: BASE, training_file: chats, seed: SEED, method, ...body });
}

async function isAt(id: string, status: string): Promise<boolean> {
  return (await client.fineTuning.jobs.retrieve(id)).status === status;
}

async function finished(id: string): Promise<FineTuningJob> {
  let job: FineTuningJob | undefined;
  const look = async () => {
    job = await client.fineTuning.jobs.retrieve(id);
    return ['succeeded', 'failed', 'cancelled'].includes(job.status);
  };
  await waitFor('the end of the job', look, { timeout: 60_000 });
  return job!;
}

interface MetricsRow {
  readonly id: number;
  readonly kind: 'step' | 'epoch';
  readonly step: number;
  readonly train_loss: number;
  readonly [name: string]: unknown;
}

async function metricsOf(id: string): Promise<MetricsRow[]> {
  return (await server.api.get<{ data: MetricsRow[] }>(`/v1/fine_tuning/jobs/${id}/metrics`)).body.data;
}

async function stepsOf(id: string): Promise<number> {
  return (await metricsOf(id)).filter(({ kind }) => kind === 'step').length;
}

interface Entry {
  readonly kind: string;
  readonly digest: string | null;
}

/** What the model's log says, newest first. */
async function historyOf(model: string): Promise<readonly Entry[]> {
  const { body } = await server.api.get<{ entries: Entry[] }>(`/adapters/${model}/history?limit=100`);
  return body.entries;
}

async function digestOf(model: string): Promise<string> {
  return (await historyOf(model)).find(({ kind }) => kind === 'optim_step')!.digest!;
}

/** The rows of each step: what seed 7 makes of 22 rows. Other ones would mean that old seeds give other models. */
const ORDER = [
  [11, 13, 1, 17],
  [20, 4, 19, 12],
  [0, 7, 2, 9],
  [14, 18, 6, 15],
  [5, 8, 3, 21],
  [16, 10],
  [11, 16, 4, 7],
  [15, 0, 13, 8],
  [20, 5, 6, 18],
  [19, 10, 9, 12],
  [2, 17, 3, 21],
  [1, 14],
];

/** The steps of a job, sent one by one as any client sends them. Returns the digest after the last one. */
async function trainByHand(): Promise<string> {
  const targets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
  const lora = { rank: 16, alpha: 32, target_modules: targets, seed: SEED };
  await server.api.post('/adapters', { model_id: 'by-hand', lora_config: lora });
  let digest = '';
  for (const [step, rows] of ORDER.entries()) {
    const body = { model_id: 'by-hand', data: rows.map((row) => CHATS[row]), train_on: 'assistant' };
    const { metrics } = await server.api.run<ForwardAnswer>('/fwd', body);
    const weights = rows.map(() => 1 / metrics['num_weighted_tokens']!);
    await server.api.run('/fwdbwd', { ...body, loss_fn_inputs: { weights } });
    const adam = { learning_rate: 0.005 * (1 - step / ORDER.length), max_grad_norm: 1 };
    const stepped = await server.api.run<{ digest: string }>('/optim_step', { model_id: 'by-hand', adam_params: adam });
    digest = stepped.digest;
  }
  return digest;
}

describe('a supervised job', () => {
  let job: FineTuningJob;

  it('trains a model that answers chats', async () => {
    const created = await create(
      { ...HYPERPARAMETERS, validation_split: 0.1 },
      { suffix: 'demo', metadata: { a: 'b' } },
    );
    expect(created).toMatchObject({ object: 'fine_tuning.job', status: 'validating_files', fine_tuned_model: null });
    job = await finished(created.id);
    expect(job).toMatchObject({ status: 'succeeded', model: BASE, error: null, seed: SEED, metadata: { a: 'b' } });
    expect(job.hyperparameters).toMatchObject({ n_epochs: 2, batch_size: 4 });
    expect(job.fine_tuned_model).toMatch(/^ft:tiny-chat:demo:\w{10}$/);
    expect(job.trained_tokens).toBeGreaterThan(0);
    const { messages } = CHATS[3]!;
    const model = job.fine_tuned_model!;
    const body = { model, messages: messages.slice(0, 1), max_completion_tokens: 12, temperature: 0 };
    const answer = await client.chat.completions.create(body);
    expect(answer.choices[0]!.message.content).toMatch(/^It is \d+/);
    expect((await client.models.retrieve(model)).id).toBe(model);
  });

  it('tells what happened, and keeps a checkpoint of every epoch that can be sampled from', async () => {
    const messages: string[] = [];
    for await (const { message } of client.fineTuning.jobs.listEvents(job.id, { limit: 5 })) messages.push(message);
    expect(messages[0]).toBe('The job has successfully completed');
    expect(messages.at(-1)).toBe(`Created fine-tuning job: ${job.id}`);
    expect(messages.filter((message) => message.startsWith('Step '))).toHaveLength(10);
    const checkpoints = [];
    for await (const one of client.fineTuning.jobs.checkpoints.list(job.id, { limit: 1 })) checkpoints.push(one);
    expect(checkpoints.map(({ step_number }) => step_number)).toEqual([10, 5]);
    const [last, first] = checkpoints;
    expect(last!.metrics.full_valid_loss!).toBeLessThan(first!.metrics.full_valid_loss!);
    const body = { messages: CHATS[3]!.messages.slice(0, 1), max_completion_tokens: 8, temperature: 0 };
    const [byName, byCheckpoint] = await Promise.all(
      [job.fine_tuned_model!, last!.fine_tuned_model_checkpoint].map((model) =>
        client.chat.completions.create({ ...body, model }),
      ),
    );
    expect(byCheckpoint!.choices[0]!.message).toEqual(byName!.choices[0]!.message);
  });

  it('has its metrics as rows, as a table and as a stream that can be resumed', async () => {
    const rows = await metricsOf(job.id);
    expect(rows.map(({ kind, step }) => `${kind} ${step}`).slice(4, 7)).toEqual(['step 5', 'epoch 5', 'step 6']);
    expect(rows.at(-1)!.train_loss).toBeLessThan(rows[0]!.train_loss);
    const [resultFile] = job.result_files;
    const table = await (await client.files.content(resultFile!)).text();
    const fetchAs = (accept: string, headers = {}) =>
      fetch(`${server.api.url}/v1/fine_tuning/jobs/${job.id}/metrics`, { headers: { accept, ...headers } });
    expect(await (await fetchAs('text/csv')).text()).toBe(table);
    expect(table.split('\n')).toHaveLength(rows.length + 2);
    const stream = await (await fetchAs('text/event-stream', { 'Last-Event-ID': String(rows[3]!.id) })).text();
    const ids = [...stream.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(rows.slice(4).map(({ id }) => id));
    expect(stream).toMatch(/event: done\ndata: {"status":"succeeded"}\n\n$/);
  });
});

describe('a job that is disturbed', () => {
  let undisturbed: string;
  let namesake: string;

  it('gives what the same loop gives by hand, bit for bit', async () => {
    const { fine_tuned_model: model } = await finished((await create(HYPERPARAMETERS, { suffix: 'twice' })).id);
    namesake = model!;
    undisturbed = await digestOf(model!);
    expect(await trainByHand()).toBe(undisturbed);
  });

  it('ends as if it had not been when everything is killed, with every batch trained once', async () => {
    const { id } = await create(HYPERPARAMETERS);
    await waitFor('a few steps', async () => (await stepsOf(id)) >= 3, { timeout: 30_000 });
    await server.end('SIGKILL');
    await server.launch();
    const { status, fine_tuned_model: model } = await finished(id);
    expect(status).toBe('succeeded');
    expect(await digestOf(model!)).toBe(undisturbed);
    const kinds = (await historyOf(model!)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'forward_backward')).toHaveLength(12);
    expect(kinds.filter((kind) => kind === 'optim_step')).toHaveLength(12);
    expect(await stepsOf(id)).toBe(12);
  });

  it('goes on after a pause to the same end, as a model of its own whatever its suffix', async () => {
    const { id } = await create(HYPERPARAMETERS, { suffix: 'twice' });
    await waitFor('a step', async () => (await stepsOf(id)) >= 1, { timeout: 30_000 });
    expect((await client.fineTuning.jobs.pause(id)).status).toBe('paused');
    expect((await client.fineTuning.jobs.resume(id)).status).toMatch(/queued|running/);
    const { fine_tuned_model: model } = await finished(id);
    expect(model).not.toBe(namesake);
    expect(await digestOf(model!)).toBe(undisturbed);
  });

  it('can be cancelled until it is finished', async () => {
    const { id } = await create(HYPERPARAMETERS);
    await client.fineTuning.jobs.pause(id);
    expect(await client.fineTuning.jobs.cancel(id)).toMatchObject({ status: 'cancelled', fine_tuned_model: null });
    expect(await isAt(id, 'cancelled')).toBe(true);
    await expect(client.fineTuning.jobs.resume(id)).rejects.toThrow(/is cancelled; you cannot resume it/);
    const running = await create({ ...HYPERPARAMETERS, n_epochs: 100 });
    await waitFor('a step', async () => (await stepsOf(running.id)) >= 1, { timeout: 30_000 });
    expect((await client.fineTuning.jobs.cancel(running.id)).status).toBe('cancelled');
  });
});

describe('a job that stops early', () => {
  it('has the weights of the epoch that did best on the validation file', async () => {
    const toRow = ({ messages }: (typeof CHATS)[number]) => ({
      prompt: messages[0]!.content,
      completion: ` ${messages[1]!.content}`,
    });
    const [training_file, validation_file] = await Promise.all([
      upload(CHATS.slice(0, 4).map(toRow), 'train.jsonl'),
      upload(CHATS.slice(18).map(toRow), 'validate.jsonl'),
    ]);
    // Four rows, at this rate, are soon learned by heart.
    const hyperparameters = { n_epochs: 30, batch_size: 4, learning_rate: 0.03, early_stopping_patience: 2 };
    const job = await finished((await create(hyperparameters, { training_file, validation_file })).id);
    expect(job).toMatchObject({ status: 'succeeded', error: null, validation_file });
    const { data: newestFirst } = await client.fineTuning.jobs.checkpoints.list(job.id, { limit: 100 });
    const checkpoints = newestFirst.toReversed();
    const losses = checkpoints.map(({ metrics }) => metrics.full_valid_loss!);
    const best = losses.indexOf(Math.min(...losses));
    expect(losses.length).toBeLessThan(30);
    expect(best).toBe(losses.length - 3);
    const events = await client.fineTuning.jobs.listEvents(job.id, { limit: 2 });
    expect(events.data[1]!.message).toContain(
      `with the weights of epoch ${best + 1}, which has the lowest validation loss`,
    );
    const body = {
      messages: CHATS[20]!.messages.slice(0, 1),
      max_completion_tokens: 6,
      temperature: 0,
      logprobs: true,
    };
    const [ofJob, ofBest, ofLast] = await Promise.all(
      [job.fine_tuned_model!, ...[best, losses.length - 1].map((i) => checkpoints[i]!.fine_tuned_model_checkpoint)].map(
        async (model) => (await client.chat.completions.create({ ...body, model })).choices[0]!.logprobs,
      ),
    );
    expect(ofJob).toEqual(ofBest);
    expect(ofJob).not.toEqual(ofLast);
  });
});

describe('a DPO job', () => {
  it('learns to prefer, from the base model on', async () => {
    const rows = CHATS.slice(0, 8).map(({ messages: [question, answer] }) => ({
      input: { messages: [question] },
      preferred_output: [answer],
      non_preferred_output: [{ role: 'assistant', content: 'I do not know.' }],
    }));
    const training_file = await upload(rows, 'pairs.jsonl');
    const hyperparameters = { n_epochs: 3, batch_size: 4, beta: 0.2, learning_rate: 0.003 };
    const method = { type: 'dpo', dpo: { hyperparameters } } as const;
    const { id, status, error } = await finished((await create({}, { training_file, method })).id);
    expect({ status, error }).toEqual({ status: 'succeeded', error: null });
    const steps = (await metricsOf(id)).filter(({ kind }) => kind === 'step');
    // The adapter begins as the base model: each margin is 0.
    expect(steps[0]).toMatchObject({ train_loss: Math.log(2), 'rewards/margins': 0, 'rewards/accuracies': 0 });
    expect(steps.at(-1)!.train_loss).toBeLessThan(0.6);
    expect(steps.at(-1)).toMatchObject({ 'rewards/accuracies': 1 });
  });
});

describe('what cannot be trained', () => {
  it('is refused with the field at fault', async () => {
    const refused = (body: Partial<JobCreateParams>) => create({}, body).catch((error: unknown) => error);
    expect(await refused({ training_file: 'file-none' })).toBeInstanceOf(NotFoundError);
    expect(await refused({ model: 'gpt-4o-mini' })).toMatchObject({ status: 400, param: 'model' });
    expect(await refused({ validation_file: 'file-none' })).toMatchObject({ status: 404, param: 'validation_file' });
    expect(await refused({ suffix: 'a b' })).toMatchObject({ status: 400, param: 'suffix' });
    expect(await refused({ method: { type: 'dpo' } })).toMatchObject({ status: 400, param: 'training_file' });
    expect(await refused({ method: { type: 'reinforcement' } })).toMatchObject({ param: 'method.type' });
    await expect(create({ lora_rnk: 8 })).rejects.toThrow(/lora_rnk is not a known field. Did you mean lora_rank/);
    await expect(create({ learning_rate: -1 })).rejects.toThrow(/learning_rate is -1. Pass a number above 0/);
    await expect(create({ early_stopping_patience: 2 })).rejects.toThrow(BadRequestError);
    const { body: limits } = await server.api.get<{ max_rank: number }>('/get_server_capabilities');
    const param = 'method.supervised.hyperparameters.lora_rank';
    const tooLarge = create({ lora_rank: limits.max_rank + 1 }).catch((error: unknown) => error);
    expect(await tooLarge).toMatchObject({ status: 400, param });
    await expect(client.fineTuning.jobs.retrieve('ftjob-none')).rejects.toThrow(NotFoundError);
  });

  it('stops a job before its first step, with the line, unless it is to be cut', async () => {
    const long = {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'word '.repeat(6000) },
      ],
    };
    const training_file = await upload([...CHATS.slice(0, 4), long], 'long.jsonl');
    const failed = await finished((await create({}, { training_file })).id);
    expect(failed).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_training_file', param: 'training_file' },
    });
    expect(failed.error!.message).toMatch(/^line 5 of long.jsonl has 30063 characters/);
    const cut = await finished((await create({ n_epochs: 1, truncate: true }, { training_file })).id);
    expect(cut.status).toBe('succeeded');
  });

  it('is a file that was deleted while the job waited', async () => {
    const training_file = await upload(CHATS);
    const { id } = await create({ ...HYPERPARAMETERS, n_epochs: 100 }, { training_file });
    await client.files.delete(training_file);
    expect((await finished(id)).error).toMatchObject({ code: 'file_deleted', param: 'training_file' });
  });
});
