import { expect, it } from 'vitest';
import { Probe } from './probes.js';

it('tells every listener until it unsubscribes', () => {
  const probe = new Probe<number>('of-this-test');
  const heard: string[] = [];
  probe.publish(1);
  const endFirst = probe.subscribe((event) => heard.push(`first ${event}`));
  const endSecond = probe.subscribe((event) => heard.push(`second ${event}`));
  probe.publish(2);
  endFirst();
  probe.publish(3);
  endSecond();
  probe.publish(4);
  expect(heard).toEqual(['first 2', 'second 2', 'second 3']);
});
