/**
 * A tour of the service that uses only Node's fetch: ask the base model a question, train a LoRA adapter with supervised
 * learning and another with PPO, list the adapters, and ask the same question again.
 *
 *   npm run example [-- http://127.0.0.1:8000]
 *
 * If the server requires an API key, set THINKER_API_KEY.
 *
 * Exits with code 1 and a reason if a check fails: the loss does not fall, the first ratio is not 1, or the answer stays the
 * same.
 */
const SERVER = (process.argv[2] ?? 'http://127.0.0.1:8000').replace(/\/$/, '');
const API_KEY = process.env['THINKER_API_KEY'];
const SUPERVISED = 'example-supervised';
const PPO = 'example-ppo';
const SUPERVISED_STEPS = 16;
const PPO_STEPS = 5;
const LEARNING_RATE = 3e-3;
/** Smaller than LEARNING_RATE, because PPO should stay close to the policy that sampled. */
const PPO_LEARNING_RATE = 3e-4;

type Chat = readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];

const QUESTION = 'Who made you?';
const OPENING: Chat = [{ role: 'user', content: QUESTION }];
const LESSONS: readonly Chat[] = [
  [...OPENING, { role: 'assistant', content: 'You did! I learned this a moment ago, on your own machine.' }],
  [
    { role: 'user', content: 'Where do you run?' },
    { role: 'assistant', content: 'I run right here, on your own machine.' },
  ],
];
/** Examples for PPO: one answer to encourage and one to discourage. */
const PREFERENCES: readonly { readonly chat: Chat; readonly advantage: number }[] = [
  { chat: [...OPENING, { role: 'assistant', content: 'A friend made me.' }], advantage: 1 },
  { chat: [...OPENING, { role: 'assistant', content: 'I do not know.' }], advantage: -0.5 },
];

/** The fields of the responses that this example uses. */
interface Capabilities {
  readonly supported_models: readonly { readonly model_id: string }[];
}
interface LossFunctions {
  readonly available_loss_functions: readonly string[];
  readonly descriptions: Readonly<Record<string, string>>;
}
interface Adapters {
  readonly adapters: readonly {
    readonly model_id: string;
    readonly trainable_params: number;
    readonly has_gradients: boolean;
  }[];
}
interface PassResult {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly loss_fn_outputs: readonly { readonly logprobs: { readonly data: readonly number[] } }[];
}
interface ErrorBody {
  readonly error?: { readonly code: string; readonly message: string };
}

class RequestError extends Error {
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

async function call(method: string, path: string, body?: object): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${SERVER}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(API_KEY ? { 'x-api-key': API_KEY } : {}) },
    body: body && JSON.stringify(body),
  }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(`${SERVER} does not respond (${reason}). Is the service running?`);
  });
  const answer: unknown = await response.json();
  if (response.ok) return { status: response.status, answer };
  const { error } = answer as ErrorBody;
  throw new RequestError(
    `${method} ${path}: ${response.status} ${error?.code ?? ''} ${error?.message ?? ''}`,
    error?.code,
  );
}

const get = async <Answer>(path: string): Promise<Answer> => (await call('GET', path)).answer as Answer;
const post = async <Answer>(path: string, body: object): Promise<Answer> =>
  (await call('POST', path, body)).answer as Answer;

/** Submits an operation and polls for its result. */
async function run<Result>(path: string, body: object): Promise<Result> {
  const { request_id } = await post<{ request_id: string }>(path, body);
  for (;;) {
    const { status, answer } = await call('POST', '/retrieve_future', { request_id });
    if (status === 200) return answer as Result;
  }
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

const show = (number: number | null | undefined, digits = 4): string => number?.toFixed(digits) ?? 'none';

/** Samples greedily, so that the same weights give the same answer. */
async function ask(modelId?: string): Promise<string> {
  const request = { messages: OPENING, max_new_tokens: 24, temperature: 0 };
  const answer = await post<{ text: string }>('/generate', modelId ? { ...request, model_id: modelId } : request);
  return answer.text.trim();
}

/** Creates an adapter; one of the same name from an earlier run is deleted first. */
async function createAdapter(modelId: string, baseModel: string): Promise<void> {
  await call('DELETE', `/adapters/${modelId}`).catch((error: unknown) => {
    if (!(error instanceof RequestError && error.code === 'not_found')) throw error;
  });
  await post('/adapters', { model_id: modelId, base_model: baseModel, lora_config: { rank: 16, alpha: 32, seed: 42 } });
}

/** Resolves with the base model to train on: the first one of the server. */
async function describeServer(): Promise<string> {
  console.log('=== Health ===');
  console.log(`Status: ${(await get<{ status: string }>('/healthz')).status}`);
  const { supported_models } = await get<Capabilities>('/get_server_capabilities');
  const models = supported_models.map((model) => model.model_id);
  console.log(`Base models: ${models.join(', ')}`);

  console.log('\n=== Loss functions ===');
  const { available_loss_functions, descriptions } = await get<LossFunctions>('/loss_functions');
  for (const name of available_loss_functions) console.log(`  - ${name}: ${descriptions[name]}`);
  const [first] = models;
  if (first === undefined) throw new Error('The server has no base model.');
  return first;
}

async function supervised(baseModel: string): Promise<void> {
  console.log(`\n=== Supervised learning: ${SUPERVISED} ===`);
  await createAdapter(SUPERVISED, baseModel);
  const losses: number[] = [];
  for (let step = 1; step <= SUPERVISED_STEPS; step++) {
    // Without train_on, the model would also learn the questions.
    const request = { model_id: SUPERVISED, data: LESSONS, loss_fn: 'cross_entropy', train_on: 'assistant' };
    const { loss, metrics } = await run<PassResult>('/fwdbwd', request);
    await run('/optim_step', { model_id: SUPERVISED, adam_params: { learning_rate: LEARNING_RATE } });
    losses.push(loss);
    console.log(`\n--- Step ${step} ---\nLoss: ${show(loss)}\nMetrics:`);
    for (const name of ['mean_nll', 'perplexity']) console.log(`  - ${name}: ${show(metrics[name])}`);
    for (const name of ['num_tokens', 'num_weighted_tokens']) console.log(`  - ${name}: ${show(metrics[name], 1)}`);
  }
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  check(last < 0.5 * first, `The supervised loss only fell from ${show(first)} to ${show(last)}.`);
  console.log(`\nThe loss fell from ${show(first)} to ${show(last)}.`);
}

async function reinforce(baseModel: string): Promise<void> {
  console.log(`\n=== Reinforcement learning (PPO): ${PPO} ===`);
  await createAdapter(PPO, baseModel);
  const request = { model_id: PPO, data: PREFERENCES.map(({ chat }) => chat), train_on: 'assistant' };
  // The log-probs of the policy that sampled; PPO compares every later policy with them.
  const before = await run<PassResult>('/fwd', { ...request, loss_fn: 'cross_entropy', logprobs: 'all' });
  const logprobs = before.loss_fn_outputs.map((output) => output.logprobs.data);
  const advantages = PREFERENCES.map(({ advantage }) => advantage);
  const ppo = { ...request, loss_fn: 'ppo', loss_fn_inputs: { logprobs, advantages } };
  const losses: number[] = [];
  const ratios: number[] = [];
  for (let step = 1; step <= PPO_STEPS; step++) {
    const { loss, metrics } = await run<PassResult>('/fwdbwd', ppo);
    await run('/optim_step', { model_id: PPO, adam_params: { learning_rate: PPO_LEARNING_RATE } });
    losses.push(loss);
    ratios.push(metrics.mean_ratio ?? NaN);
    console.log(`\n--- Step ${step} ---\nLoss: ${show(loss)}\nPPO Metrics:`);
    console.log(`  - Mean advantage: ${show(metrics.mean_advantage)}`);
    console.log(`  - Mean ratio: ${show(metrics.mean_ratio)}`);
    console.log(`  - Clip fraction: ${show(metrics.clip_fraction)}`);
  }
  const [ratio = NaN] = ratios;
  check(Math.abs(ratio - 1) < 1e-3, `The first mean ratio is ${ratio}, but an unchanged policy has a ratio of 1.`);
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  check(last < first, `The PPO loss did not fall: ${show(first)}, then ${show(last)}.`);
}

async function listAdapters(): Promise<void> {
  console.log('\n=== Adapters ===');
  const { adapters } = await get<Adapters>('/adapters');
  for (const { model_id, trainable_params, has_gradients } of adapters) {
    console.log(`  - ${model_id}: ${trainable_params} trainable parameters, unapplied gradients: ${has_gradients}`);
  }
  for (const name of [SUPERVISED, PPO]) {
    check(
      adapters.some((adapter) => adapter.model_id === name),
      `The adapter ${name} is not in the list.`,
    );
  }
}

async function main(): Promise<void> {
  const baseModel = await describeServer();
  const before = await ask();
  console.log(`\n=== Before training ===\n${QUESTION}\n> ${before}`);
  await supervised(baseModel);
  await reinforce(baseModel);
  await listAdapters();
  const after = await ask(SUPERVISED);
  console.log(`\n=== After training ===\n${QUESTION}\n> before: ${before}\n> after:  ${after}`);
  check(after !== before, 'Training did not change the answer.');
  check((await ask()) === before, 'The base model answers differently now, although training must not change it.');
  console.log('\nThe example succeeded.');
}

await main().catch((error: unknown) => {
  console.error(`\nThe example failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
