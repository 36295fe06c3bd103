/** Operations of an adapter through the service; an unknown name makes the adapter. */
import { datumsOf } from '../batches.mjs';

/** Tokens that every model has: `length` inputs and as many targets. */
export function smallDatums(lengths) {
  return datumsOf(lengths.map((length) => Array.from({ length: length + 1 }, (_, i) => 3 + (i % 90))));
}

export const SMALL = smallDatums([8]);

export const trainingPass = (client, adapter, data = SMALL) =>
  ask(client, 'fwdbwd', { model_id: adapter, data, loss_fn: 'cross_entropy' });

export const forward = (client, adapter) =>
  ask(client, 'fwd', { model_id: adapter, data: SMALL, loss_fn: 'cross_entropy' });

export const optimizerStep = (client, adapter) =>
  ask(client, 'optim_step', { model_id: adapter, adam_params: { learning_rate: 0.0001 } });

/** Milliseconds of both operations of a step, one after the other. */
export async function trainingStep(client, adapter, data) {
  return (await trainingPass(client, adapter, data)) + (await optimizerStep(client, adapter));
}

/** Milliseconds until the result is there; a failed operation ends the measurement. */
async function ask(client, route, body) {
  const { ms, status, answer } = await client.roundTrip(route, body);
  if (status !== 200 || answer.error) throw new Error(`${route}: ${JSON.stringify(answer)}`);
  return ms;
}
