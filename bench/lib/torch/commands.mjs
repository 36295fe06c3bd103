/** What a call of a rank costs that computes nothing: the control link alone. */
import { median, percentile } from '../measure.mjs';

const COUNT = 1000;

export async function measureCommands({ ours }, { log }) {
  log('calls without work');
  const { ms } = await ours.ask({ op: 'commands', count: COUNT });
  const figures = [median(ms), percentile(ms, 0.99)].map((value) => value.toFixed(2));
  const met = median(ms) <= 2 ? 'met' : 'missed';
  const fact = `A call without work, from Node to the rank and back: p50 ${figures[0]} ms (target: at most 2, ${met}), p99 ${figures[1]} ms (${COUNT} sequential calls).`;
  return { rows: [], facts: [fact] };
}
