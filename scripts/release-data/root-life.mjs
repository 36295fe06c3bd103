/**
 * What a client of the root routes has a release do. Of each kind of operation that changes an adapter there is one that
 * is settled, so that a newer version that finds no snapshot has to repeat all of them, and one that has not run.
 */
import { batch, distilled, policy, tensor, weighted } from './batches.mjs';
import { BASE_MODEL, RootAdapter } from './clients.mjs';

const IMPORT = (modelId) => `/adapters/import?model_id=${modelId}&base_model=${BASE_MODEL}`;

const filled = (name, value) => (length) => ({ [name]: tensor(new Array(length).fill(value)) });

/** @param peftTar files of PEFT to import */
export async function settledAtRoot(client, peftTar) {
  const plain = await plainLife(client);
  const losses = await lossesLife(client);
  return { plain, losses, ...(await heirsOf(plain, peftTar)) };
}

/** Gradients of several passes, checkpoints, a load and a rewind; gradients that no step has applied. */
async function plainLife(client) {
  const plain = new RootAdapter(client, 'plain');
  await plain.create({ rank: 2, seed: 7 });
  await plain.pass(batch(1, weighted));
  await plain.pass([distilled(2)]);
  plain.firstStep = (await plain.step()).request_id;
  await plain.do('save_weights', { name: 'one' });
  await plain.do('save_weights_for_sampler', { name: 'one' });
  await plain.train(3, 2);
  await plain.do('fwd', { data: batch(5, weighted) });
  await plain.do('load_weights', { name: 'one', optimizer: true });
  await plain.train(6, 1);
  await client.run('/adapters/plain/rewind', { seq_id: ++plain.seq, step: 0 });
  await plain.train(8, 2);
  await plain.pass(batch(9, weighted));
  return plain;
}

async function registerLosses(client) {
  const register = (definition) => client.ask('POST', '/loss_functions', definition);
  await register({ name: 'mine', loss: '-scale * sum(weights * target_logprobs)', config: { scale: 1 } });
  await register({
    name: 'mine',
    description: 'Holds log-probs to those of a reference',
    let: { distance: 'square(target_logprobs - reference)' },
    loss: 'scale * sum(distance)',
    mask: 'reference < 0',
    metrics: { furthest: 'max(distance)' },
    config: { scale: { default: 1, min: 0, max: 10 } },
    inputs: { reference: { default: -2 } },
  });
  await register({ name: 'gone', loss: 'mean(square(target_logprobs))' });
}

/** Losses of all makes, dropout, gradients that no step can take, a load of weights alone. */
async function lossesLife(client) {
  await registerLosses(client);
  const losses = new RootAdapter(client, 'losses');
  const seed = '12345678901234567';
  await losses.create({ rank: 2, alpha: 6, dropout: 0.25, seed, target_modules: 'all-linear', use_rslora: true });
  for (const [loss_fn, inputs, loss_fn_config] of [
    ['importance_sampling', policy, {}],
    ['ppo', policy, { clip_low_threshold: 0.7, clip_high_threshold: 1.4 }],
    ['cispo', policy, {}],
    ['dro', policy, { beta: 0.1 }],
    ['mine', filled('reference', -1.5), { scale: 0.5 }],
    ['mine@1', weighted, { scale: 2 }],
    ['gone', undefined, {}],
  ]) {
    await losses.pass(batch(10, inputs), { loss_fn, loss_fn_config });
    await losses.step();
  }
  await client.ask('DELETE', '/loss_functions/gone');
  await losses.pass(batch(11, filled('weights', 1e25)));
  const refused = await client.settle('/optim_step', losses.numbered());
  if (refused.body.error?.code !== 'non_finite_update') throw new Error(`not refused: ${JSON.stringify(refused)}`);
  await losses.do('save_weights', { name: 'all' });
  await losses.train(12, 1);
  await losses.do('load_weights', { name: 'all', optimizer: false });
  await losses.train(13, 2);
  return losses;
}

/** Adapters from others: forks, one of them of an adapter that is deleted, and one from files of PEFT. */
async function heirsOf({ client, modelId }, peftTar) {
  await client.run(`/adapters/${modelId}/fork`, { model_id: 'fork', step: 1 });
  await new RootAdapter(client, 'fork').train(20, 1);
  const parent = new RootAdapter(client, 'parent');
  await parent.create({ rank: 3, target_modules: ['q_proj', 'down_proj', 'lm_head'] });
  await parent.train(21, 2);
  await client.run('/adapters/parent/fork', { model_id: 'child', step: 1 });
  await new RootAdapter(client, 'child').train(20, 1);
  await client.answerOf(await client.deleteAdapter('parent'), '/');
  // The name is free again, and its numbers begin anew.
  await new RootAdapter(client, 'parent').train(22, 1);

  await client.run(IMPORT('imported'), peftTar);
  const imported = new RootAdapter(client, 'imported');
  await imported.train(23, 1);
  await client.get('/adapters/imported/export');
  return { imported };
}

/** One pass, which a worker is given alone: it dies over it, and leaves it running. */
export function firstPendingAtRoot({ plain }) {
  return plain.send('fwdbwd', { data: batch(40, weighted) });
}

export async function pendingAtRoot({ plain, losses, imported }, peftTar) {
  const { client } = plain;
  await leavePlain(plain);
  await leaveLosses(losses);
  await client.submit('/fwd', { model_id: BASE_MODEL, data: batch(48, weighted) });

  await client.submit('/adapters/losses/fork', { model_id: 'late-fork', step: 5 });
  await new RootAdapter(client, 'late-fork').send('fwd', { data: batch(49) });
  await client.submit(IMPORT('late-import'), peftTar);
  const fresh = new RootAdapter(client, 'late');
  const lora_config = { rank: 2, target_modules: ['gate_proj', 'up_proj'], seed: 5 };
  await fresh.send('fwdbwd', { data: batch(50), lora_config });
  await fresh.send('optim_step');
  await imported.send('fwd', { data: batch(51) });
  await client.deleteAdapter('child');
}

async function leavePlain(plain) {
  const settings = { async: true, n: 2, max_new_tokens: 5, logprobs: true, seed: 9, prompt: 'Hello' };
  const generate = (body) => plain.client.submit('/generate', { ...settings, ...body });
  await plain.send('optim_step', { adam_params: { learning_rate: 0.01 } });
  await plain.send('fwd', { data: batch(41, weighted) });
  const drawn = { temperature: 0.7, top_k: 20, top_p: 0.9, min_p: 0.01, repetition_penalty: 1.1, stop: ['zz'] };
  await generate({ model_id: 'plain', ...drawn });
  await generate({ model_id: 'tinker://plain/sampler_weights/one' });
  await generate({ model_id: BASE_MODEL, temperature: 0 });
  await plain.send('save_weights', { name: 'late' });
  await plain.send('fwdbwd', { data: batch(44, weighted) });
  await plain.send('save_weights_for_sampler', { name: 'late' });
  await plain.client.submit('/adapters/plain/rewind', { seq_id: ++plain.seq, request_id: plain.firstStep });
  await plain.send('fwdbwd', { data: batch(42, weighted) });
  await plain.send('optim_step');
  await plain.send('load_weights', { name: 'one', optimizer: true });
  await plain.send('fwd', { data: batch(43, weighted) });
  await plain.send('fwdbwd', { data: batch(43, weighted) });
}

async function leaveLosses(losses) {
  const reference = filled('reference', -1);
  await losses.send('fwd', { data: batch(44, reference), loss_fn: 'mine' });
  await losses.send('fwdbwd', { data: batch(45, reference), loss_fn: 'mine', loss_fn_config: { scale: 3 } });
  await losses.send('fwdbwd', { data: batch(46, policy), loss_fn: 'ppo' });
  await losses.send('optim_step');
  const unwanted = await losses.send('fwdbwd', { data: batch(47, weighted) });
  await losses.client.ask('POST', '/api/v1/cancel_future', { request_id: unwanted });
  await losses.send('optim_step'); // has no gradients, as the pass before it is cancelled
}
