/**
 * A training loop with the TypeScript client: batches are sent ahead of their results, the loss falls, a checkpoint is
 * saved, and the answer is streamed.
 *
 *   npm pack ./clients/typescript && npm install --no-save ./thinker-client-0.1.0.tgz
 *   node examples/example-client.mjs [http://127.0.0.1:8000]
 *
 * If the server requires an API key, set THINKER_API_KEY.
 */
import { ConflictError, ThinkerClient } from '@thinker/client';

const NAME = 'example-client';
const EPOCHS = 12;
const LEARNING_RATE = 3e-3;

const question = (content) => ({ role: 'user', content });
const chat = (asked, answered) => ({ messages: [question(asked), { role: 'assistant', content: answered }] });
const BATCHES = [
  [chat('Who made you?', 'You did! I learned this a moment ago.')],
  [chat('Where do you run?', 'Right here, on your own machine.')],
];

const client = new ThinkerClient({ baseUrl: process.argv[2], apiKey: process.env['THINKER_API_KEY'] });

/** Creates the adapter; one from an earlier run is deleted first. */
async function createAdapter() {
  const settings = { model_id: NAME, lora_config: { rank: 16, alpha: 32, seed: 42 } };
  try {
    await client.adapters.create(settings);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    await client.adapter(NAME).delete();
    await client.adapters.create(settings);
  }
  return client.adapter(NAME);
}

const adapter = await createAdapter();

// An epoch is sent completely before its first result is read: the server never waits for this program.
const losses = [];
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const results = BATCHES.map((data) => {
    const pass = adapter.forwardBackward({ data, train_on: 'assistant' });
    return Promise.all([pass, adapter.optimStep({ adam_params: { learning_rate: LEARNING_RATE } })]);
  });
  const passes = await Promise.all(results);
  losses.push(passes.reduce((sum, [{ metrics }]) => sum + metrics['mean_nll'] / passes.length, 0));
  console.log(`epoch ${epoch}: loss ${losses.at(-1).toFixed(3)}`);
}
if (!(losses.at(-1) < losses[0] / 2)) throw new Error('The loss did not fall.');

const { path } = await adapter.save({ name: 'done', overwrite: true });
console.log(`Saved ${path}`);

console.log('Who made you?');
const request = { messages: [question('Who made you?')], max_new_tokens: 24, temperature: 0 };
for await (const { text } of adapter.stream(request)) process.stdout.write(text);
console.log();
