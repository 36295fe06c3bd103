/** What a client of the Tinker routes has a release do: what is settled, then what has not run. */
import { tensor } from './batches.mjs';
import { BASE_MODEL, prompt, TinkerModel } from './clients.mjs';

const RECIPIENT = 'age1a7cyupr2hv4c25mfzq6jkdh6q7qdll6y28vxwx89tfkz0fg3wcps60mv7t';

/** Sessions, named and unnamed samplers, a published checkpoint, a copy, models from checkpoints. */
export async function settledAtTinker(client) {
  const begin = { tags: ['upgrade'], sdk_version: '0.25.0', user_metadata: { run: 'first' }, display_name: 'first' };
  const { session_id } = await client.post('/api/v1/create_session', begin);
  const model = await makeModel(client, session_id, 0, { rank: 2, seed: 11, train_unembed: false });
  await model.train(30, 2);
  const { path } = await model.do('save_weights', { path: 'state', user_metadata: { best: 'yes' } });
  const { path: named } = await model.do('save_weights_for_sampler', { path: 'best', ttl_seconds: 86_400 });
  const { sampling_session_id: unnamed } = await model.do('save_weights_for_sampler', { sampling_session_seq_id: 0 });
  await model.do('save_weights_external', { path: 'release' });
  await client.ask('POST', `/api/v1/training_runs/${model.modelId}/checkpoints/weights/state/publish`);
  await model.train(32, 1);
  const samplers = { unnamed, ...(await makeSamplers(client, session_id, named)) };
  for (const sampling_session_id of Object.values(samplers)) {
    const sampling_params = { max_tokens: 4, seed: 3, temperature: 1 };
    const from = { sampling_session_id, seq_id: 0, prompt: prompt(33) };
    await client.run('/api/v1/asample', { ...from, num_samples: 2, sampling_params });
  }

  await client.run('/api/v1/load_weights', { session_id, model_seq_id: 1, path, optimizer: true });
  const second = new TinkerModel(client, session_id, 1);
  await second.train(34, 1);
  await client.post('/api/v1/copy_weights', { source_path: path, session_id, model_seq_id: 2 });
  const refused = await client.settle('/api/v1/optim_step', new TinkerModel(client, session_id, 2).numbered());
  if (refused.body.category !== 'user') throw new Error(`not refused: ${JSON.stringify(refused)}`);
  return { sessionId: session_id, model, second, path, samplers, left: await endedSession(client) };
}

async function makeModel(client, session_id, model_seq_id, lora_config) {
  const user_metadata = { purpose: 'upgrade' };
  const wish = { session_id, model_seq_id, base_model: BASE_MODEL, lora_config, user_metadata };
  await client.run('/api/v1/create_model', wish);
  return new TinkerModel(client, session_id, model_seq_id);
}

async function makeSamplers(client, session_id, model_path) {
  const create = async (sampling_session_seq_id, source) => {
    const wish = { session_id, sampling_session_seq_id, ...source };
    return (await client.post('/api/v1/create_sampling_session', wish)).sampling_session_id;
  };
  return { base: await create(1, { base_model: BASE_MODEL }), named: await create(2, { model_path }) };
}

/** The model of a session that its client has finished. */
async function endedSession(client) {
  const { session_id } = await client.post('/api/v1/create_session', { tags: [], sdk_version: '0.25.0' });
  const model = await makeModel(client, session_id, 0, { rank: 1, seed: 12, train_mlp: false });
  await model.train(35, 2);
  await client.ask('POST', `/api/v1/sessions/${session_id}/finish`, { reason: { type: 'success' }, detail: 'done' });
  return model;
}

/** Between two saves there is a pass: without one they run side by side, and no list says which was first. */
export async function pendingAtTinker({ sessionId: session_id, model, second, left, path, samplers }) {
  const { client } = model;
  await model.sendPass('forward', 61);
  await model.sendPass('forward_backward', 62);
  await model.send('optim_step', { adam_params: { learning_rate: 0.01 } });
  await model.send('save_weights', { path: 'late' });
  await model.sendPass('forward_backward', 66);
  await model.send('save_weights_for_sampler', { path: 'late' });
  await model.sendPass('forward_backward', 67);
  await model.send('save_weights_for_sampler', { sampling_session_seq_id: 10 });
  await model.sendPass('forward_backward', 68);
  await model.send('save_weights_external', { path: 'late', age_encryption_recipients: [RECIPIENT] });
  await model.send('load_weights', { path, optimizer: true });
  await model.sendPass('forward_backward', 63);
  await client.submit('/api/v1/unload_model', { model_id: second.modelId });
  await second.sendPass('forward', 64);
  await left.send('load_weights', { path }); // is of another shape, and fails

  await leaveSamples(client, samplers);
  const lora_config = { rank: 2, seed: 13 };
  await client.submit('/api/v1/create_model', { session_id, model_seq_id: 3, base_model: BASE_MODEL, lora_config });
  await new TinkerModel(client, session_id, 3).sendPass('forward_backward', 65);
  await client.submit('/api/v1/load_weights', { session_id, model_seq_id: 4, path, optimizer: true });
}

/** Everything that can be asked for beside the continuations. */
async function leaveSamples(client, { unnamed, named, base }) {
  const settings = { seq_id: 1, num_samples: 2, prompt: prompt(60), sampling_params: { max_tokens: 4, seed: 5 } };
  const sample = (sampling_session_id, more) =>
    client.submit('/api/v1/asample', { ...settings, sampling_session_id, ...more });
  await sample(unnamed, { prompt_logprobs: true, topk_prompt_logprobs: 2 });
  await sample(named, { topk_sample_logprobs: 3, prompt_alt_tokens_k: 2 });
  const indices = { sparse_crow_indices: [0, 1, 3, 3, 3], sparse_col_indices: [0, 0, 1] };
  const target_prompt_logprobs = { ...tensor([6, 9, 7], 'int64', [4, 2]), ...indices };
  await sample(base, { prompt_logprobs: true, prompt_logprobs_last_n: 2, target_prompt_logprobs });
}
