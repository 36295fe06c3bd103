/**
 * A walk through the service with nothing but Node's fetch: an answer of the base model, a LoRA adapter trained with
 * supervised learning, another with PPO, the list of adapters, and the same question asked again.
 *
 *   node examples/example-simple.mjs [http://127.0.0.1:8000]
 *
 * Ends with exit code 1 and a reason when something is not as it should be: a loss that does not fall, a ratio that
 * does not start at 1, an answer that stays the same.
 */
const SERVER = (process.argv[2] ?? 'http://127.0.0.1:8000').replace(/\/$/, '');
const SUPERVISED = 'example-supervised';
const PPO = 'example-ppo';
const SUPERVISED_STEPS = 16;
const PPO_STEPS = 5;
const LEARNING_RATE = 3e-3;
/** Smaller: PPO is meant to stay near the policy that acted. */
const PPO_LEARNING_RATE = 3e-4;

const QUESTION = [{ role: 'user', content: 'Who made you?' }];
const LESSONS = [
  [...QUESTION, { role: 'assistant', content: 'You did! I learned this a moment ago, on your own machine.' }],
  [
    { role: 'user', content: 'Where do you run?' },
    { role: 'assistant', content: 'I run right here, on your own machine.' },
  ],
];
/** For PPO: one answer to see more often, and one to see less often. */
const TASTE = [
  { chat: [...QUESTION, { role: 'assistant', content: 'A friend made me.' }], advantage: 1 },
  { chat: [...QUESTION, { role: 'assistant', content: 'I do not know.' }], advantage: -0.5 },
];

async function call(method, path, body) {
  const response = await fetch(`${SERVER}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  }).catch((error) => {
    throw new Error(`No answer from ${SERVER} (${error.cause?.message ?? error.message}). Is the service running?`);
  });
  const answer = await response.json();
  if (response.ok) return { status: response.status, answer };
  const { code, message } = answer.error ?? {};
  throw Object.assign(new Error(`${method} ${path}: ${response.status} ${code ?? ''} ${message ?? ''}`), { code });
}

const get = async (path) => (await call('GET', path)).answer;
const post = async (path, body) => (await call('POST', path, body)).answer;

/** Submits an operation and waits for its result: training never holds a request open for long. */
async function run(path, body) {
  const { request_id } = await post(path, body);
  for (;;) {
    const { status, answer } = await call('POST', '/retrieve_future', { request_id });
    if (status === 200) return answer;
  }
}

function check(holds, complaint) {
  if (!holds) throw new Error(complaint);
}

const show = (number, digits = 4) => (typeof number === 'number' ? number.toFixed(digits) : String(number));

/** Greedy, so that the same weights give the same answer. */
async function ask(modelId) {
  const request = { messages: QUESTION, max_new_tokens: 24, temperature: 0 };
  const answer = await post('/generate', modelId ? { ...request, model_id: modelId } : request);
  return answer.text.trim();
}

/** A fresh adapter: the one of an earlier run is deleted, so its name can be used again. */
async function createAdapter(modelId, baseModel) {
  await call('DELETE', `/adapters/${modelId}`).catch((error) => {
    if (error.code !== 'not_found') throw error;
  });
  await post('/adapters', { model_id: modelId, base_model: baseModel, lora_config: { rank: 16, alpha: 32, seed: 42 } });
}

async function greet() {
  console.log('=== Health ===');
  console.log(`Status: ${(await get('/healthz')).status}`);
  const capabilities = await get('/get_server_capabilities');
  const models = capabilities.supported_models.map((model) => model.model_id);
  console.log(`Base models: ${models.join(', ')}`);

  console.log('\n=== Loss functions ===');
  const { available_loss_functions, descriptions } = await get('/loss_functions');
  for (const name of available_loss_functions) console.log(`  - ${name}: ${descriptions[name]}`);
  return models[0];
}

async function supervised(baseModel) {
  console.log(`\n=== Supervised learning: ${SUPERVISED} ===`);
  await createAdapter(SUPERVISED, baseModel);
  const losses = [];
  for (let step = 1; step <= SUPERVISED_STEPS; step++) {
    const { loss, metrics } = await run('/fwdbwd', { model_id: SUPERVISED, data: LESSONS, loss_fn: 'cross_entropy' });
    await run('/optim_step', { model_id: SUPERVISED, adam_params: { learning_rate: LEARNING_RATE } });
    losses.push(loss);
    console.log(`\n--- Step ${step} ---\nLoss: ${show(loss)}\nMetrics:`);
    for (const name of ['mean_nll', 'perplexity']) console.log(`  - ${name}: ${show(metrics[name])}`);
    for (const name of ['num_tokens', 'num_weighted_tokens']) console.log(`  - ${name}: ${show(metrics[name], 1)}`);
  }
  const [first, last] = [losses[0], losses.at(-1)];
  check(last < 0.5 * first, `The supervised loss fell from ${show(first)} to ${show(last)} only.`);
  console.log(`\nThe loss fell from ${show(first)} to ${show(last)}.`);
}

async function reinforce(baseModel) {
  console.log(`\n=== Reinforcement learning (PPO): ${PPO} ===`);
  await createAdapter(PPO, baseModel);
  const request = { model_id: PPO, data: TASTE.map(({ chat }) => chat), train_on: 'assistant' };
  // The log-probs of the policy that "acted": PPO compares every later policy with them.
  const before = await run('/fwd', { ...request, loss_fn: 'cross_entropy', logprobs: 'all' });
  const logprobs = before.loss_fn_outputs.map((output) => output.logprobs.data);
  const advantages = TASTE.map(({ advantage }) => advantage);
  const seen = [];
  for (let step = 1; step <= PPO_STEPS; step++) {
    const result = await run('/fwdbwd', { ...request, loss_fn: 'ppo', loss_fn_inputs: { logprobs, advantages } });
    await run('/optim_step', { model_id: PPO, adam_params: { learning_rate: PPO_LEARNING_RATE } });
    const { loss, metrics } = result;
    seen.push({ loss, ratio: metrics.mean_ratio });
    console.log(`\n--- Step ${step} ---\nLoss: ${show(loss)}\nPPO Metrics:`);
    console.log(`  - Mean advantage: ${show(metrics.mean_advantage)}`);
    console.log(`  - Mean ratio: ${show(metrics.mean_ratio)}`);
    console.log(`  - Clip fraction: ${show(metrics.clip_fraction)}`);
  }
  const [first, last] = [seen[0], seen.at(-1)];
  check(Math.abs(first.ratio - 1) < 1e-3, `The first mean ratio is ${first.ratio}; an unchanged policy has 1.`);
  check(last.loss < first.loss, `The PPO loss did not fall: ${show(first.loss)}, then ${show(last.loss)}.`);
}

async function listAdapters() {
  console.log('\n=== Adapters ===');
  const { adapters } = await get('/adapters');
  for (const { model_id, trainable_params, has_gradients } of adapters) {
    console.log(`  - ${model_id}: ${trainable_params} trainable parameters, gradients waiting: ${has_gradients}`);
  }
  for (const name of [SUPERVISED, PPO]) {
    check(
      adapters.some((adapter) => adapter.model_id === name),
      `The adapter ${name} is not in the list.`,
    );
  }
}

async function main() {
  const baseModel = await greet();
  const before = await ask();
  console.log(`\n=== Before training ===\n${QUESTION[0].content}\n> ${before}`);
  await supervised(baseModel);
  await reinforce(baseModel);
  await listAdapters();
  const after = await ask(SUPERVISED);
  console.log(`\n=== After training ===\n${QUESTION[0].content}\n> before: ${before}\n> after:  ${after}`);
  check(after !== before, 'Training did not change the answer.');
  check((await ask()) === before, 'The base model answers differently now: training must not touch it.');
  console.log('\nThe example worked.');
}

await main().catch((error) => {
  console.error(`\nThe example failed: ${error.message}`);
  process.exitCode = 1;
});
