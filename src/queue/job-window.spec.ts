import { expect, it } from 'vitest';
import { AppConfig } from '../config/app-config.js';
import { JobWindow } from './job-window.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A window of four, and which jobs have ended in which order. */
function windowOfFour() {
  const window = new JobWindow(
    AppConfig.fromEnv({ DATABASE_URL: 'postgres://localhost/none', QUEUE_CONCURRENCY: '4' }),
  );
  const ended: string[] = [];
  const finish = new Map<string, (error?: Error) => void>();
  const hold = (owner: string, label: string) => {
    const work = new Promise<void>((resolve, reject) => {
      finish.set(label, (error) => (error ? reject(error) : resolve()));
    });
    window.hold(owner, work).then(
      () => ended.push(label),
      (error: unknown) => ended.push(`${label}: ${String(error)}`),
    );
  };
  return { hold, ended, finish };
}

it('lets the newest job of the owner with most of them go when the last slot is taken', async () => {
  const { hold, ended, finish } = windowOfFour();
  for (const label of ['a1', 'a2']) hold('a', label);
  hold('b', 'b1');
  await settled();
  expect(ended).toEqual([]);
  hold('a', 'a3');
  await settled();
  expect(ended).toEqual(['a3']);
  hold('c', 'c1');
  await settled();
  expect(ended).toEqual(['a3', 'a2']);
  for (const end of finish.values()) end();
  await settled();
  expect(ended.sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'c1']);
});

it('ends a job with its work, also where that fails', async () => {
  const { hold, ended, finish } = windowOfFour();
  hold('a', 'fine');
  hold('a', 'failing');
  finish.get('fine')!();
  finish.get('failing')!(new Error('no'));
  await settled();
  expect(ended).toEqual(['fine', 'failing: Error: no']);
});

it('keeps the jobs of a server without keys', async () => {
  const { hold, ended } = windowOfFour();
  for (let i = 0; i < 4; i++) hold('', `job ${i}`);
  await settled();
  expect(ended).toEqual([]);
});
