/** What is asked once everything is settled: of the release, to know the answers, and of the version after it. */
import { batch, weighted } from './batches.mjs';
import { prompt } from './clients.mjs';

/** Sends all numbered requests of adapters that are still there once more: each must find the first one. */
export async function repeatNumbered(recorder) {
  for (const { key, path, body, answer } of recorder.numbered) {
    const again = await recorder.client(key).send('POST', path, body);
    if (JSON.stringify(again.body) !== JSON.stringify(answer)) {
      throw new Error(`the repeat of ${JSON.stringify({ path, body, answer })} gave ${JSON.stringify(again)}`);
    }
  }
  return recorder.numbered;
}

/** @returns the questions with their answers: `reads` change nothing, `probes` go on with the work, in this order */
export async function askAfterwards(recorder, life) {
  const ask = async ({ key, method, path, body, waits }) => {
    const client = recorder.client(key);
    const sent = await client.send(method, path, body);
    const answer = waits && sent.status < 400 ? await client.answerOf(sent.body.request_id, path) : sent;
    return { key, method, path, body, waits, answer };
  };
  const reads = [];
  for (const read of await readsOf(recorder, life)) reads.push(await ask(read));
  const probes = [];
  for (const probe of probesOf(life)) probes.push(await ask(probe));
  return { reads, probes };
}

async function readsOf(recorder, { tinker }) {
  const get = (key, path) => ({ key, method: 'GET', path });
  const post = (key, path, body) => ({ key, method: 'POST', path, body });
  const ofAdapters = async (key) => {
    const { adapters } = await recorder.client(key).get('/adapters?limit=100');
    return adapters.flatMap(({ model_id }) => {
      const route = `/adapters/${encodeURIComponent(model_id)}`;
      return [route, `${route}/history?limit=500`, `${route}/checkpoints`].map((path) => get(key, path));
    });
  };
  const { sessionId, model, path, samplers } = tinker;
  return [
    ...['/adapters?limit=100', '/futures?limit=500', '/loss_functions?origin=own'].map((read) => get('ada', read)),
    ...['/loss_functions/mine', '/loss_functions/mine@1'].map((read) => get('ada', read)),
    ...(await ofAdapters('ada')),
    ...['/adapters?limit=100', '/futures?limit=500'].map((read) => get('bob', read)),
    ...(await ofAdapters('bob')),
    ...['sessions', `sessions/${sessionId}`, 'training_runs?limit=100', `training_runs/${model.modelId}/checkpoints`]
      .concat(['checkpoints?limit=100', 'audit?event_type=all', 'billing/usage/checkpoints/current'])
      .concat(Object.values(samplers).map((id) => `samplers/${id}`))
      .map((read) => get('bob', `/api/v1/${read}`)),
    post('bob', '/api/v1/sessions/search', { display_name: 'first' }),
    post('bob', '/api/v1/weights_info', { tinker_path: path }),
    post('bob', '/api/v1/retrieve_futures', {
      prev_cursor: 0,
      timeout: 0,
      target: { type: 'sampling_session', sampling_session_id: samplers.named },
    }),
    // Published by the other client.
    post('ada', '/api/v1/weights_info', { tinker_path: path }),
    ...['/admin/adapters', '/admin/owners'].map((read) => get('ops', read)),
  ];
}

function probesOf({ plain, tinker }) {
  const { sessionId, model, second, path, samplers } = tinker;
  const run = (key, route, body) => ({ key, method: 'POST', path: route, body, waits: true });
  const looks = (key, modelIds) =>
    modelIds.map((model_id) => run(key, '/fwd', { model_id, data: batch(70, weighted) }));
  const steps = (key, modelIds) =>
    modelIds.flatMap((model_id) => [
      run(key, '/fwdbwd', { model_id, data: batch(71, weighted) }),
      run(key, '/optim_step', { model_id, adam_params: { learning_rate: 0.01 } }),
    ]);
  const generate = (key, model_id) =>
    run(key, '/generate', { model_id, async: true, prompt: 'Hello', max_new_tokens: 6, seed: 4, logprobs: true });
  const rewind = run('ada', `/adapters/${plain.modelId}/rewind`, { request_id: plain.firstStep });
  const load = { model_id: plain.modelId, path: `tinker://${plain.modelId}/weights/late`, optimizer: true };
  const ofAda = ['plain', 'losses', 'fork', 'parent', 'imported', 'late', 'late-fork', 'late-import'];
  const ofBob = [model.modelId, second.modelId, `${sessionId}:train:2`, `${sessionId}:train:3`, `${sessionId}:train:4`];
  return [
    ...looks('ada', ofAda),
    ...looks('bob', ofBob),
    ...['one', 'late'].map((name) => generate('ada', `tinker://plain/sampler_weights/${name}`)),
    ...['best', 'late'].map((name) => generate('bob', `tinker://${model.modelId}/sampler_weights/${name}`)),
    ...Object.values(samplers).map((sampling_session_id) =>
      run('bob', '/api/v1/asample', {
        sampling_session_id,
        seq_id: 2,
        prompt: prompt(72),
        sampling_params: { max_tokens: 4, seed: 6 },
      }),
    ),
    ...steps('ada', ofAda),
    ...steps('bob', ofBob),
    rewind,
    ...looks('ada', [plain.modelId]),
    ...steps('ada', [plain.modelId]),
    run('ada', '/load_weights', load),
    ...looks('ada', [plain.modelId]),
    run('bob', '/api/v1/load_weights', { session_id: sessionId, model_seq_id: 9, path }),
    ...looks('bob', [`${sessionId}:train:9`]),
    run('ada', '/adapters/losses/fork', { model_id: 'new-fork', step: 6 }),
    ...looks('ada', ['new-fork']),
  ];
}
