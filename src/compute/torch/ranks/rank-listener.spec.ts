import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeRank } from '../../../../test/support/engines/fake-rank.js';
import { waitFor } from '../../../../test/support/wait-for.js';
import { RankListener } from './rank-listener.js';

let folder: string;
let path: string;
let listener: RankListener;
let log: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-listener-'));
  path = join(folder, 'control.sock');
  log = [];
  listener = await RankListener.open({ path }, { token: 'secret', world: 2, log: (line) => log.push(line) });
});
afterEach(async () => {
  listener.close();
  await rm(folder, { recursive: true });
});

const join2 = (rank: number, run = 'r') => FakeRank.connect(path, { rank, run, world: 2 });

describe('the listener for ranks', () => {
  it('gives the ranks of one run in their order, once they are all there', async () => {
    await join2(1);
    await waitFor('the first rank', () => log.length === 1);
    expect(listener.describeWaiting()).toBe('run r has 1 of 2 ranks, missing 0');
    await join2(0);
    const ranks = await listener.group;
    expect(ranks.map(({ hello }) => hello.rank)).toEqual([0, 1]);
  });

  it.each([
    ['a wrong token', { token: 'guess' }, 'the token is wrong'],
    ['another version', { protocol: 2 }, 'the rank speaks version 2 of the protocol, and this service version 1'],
    ['another size', { world: 3 }, 'the rank is one of 3, and this service waits for 2'],
    ['a rank that cannot be', { rank: 2 }, 'there is no rank 2 among 2'],
    ['what is not a hello', { run: undefined }, 'this is not a hello'],
  ])('refuses %s', async (_, hello, reason) => {
    const rank = await FakeRank.connect(path, { world: 2, ...(hello as object) });
    expect(await rank.received('refused')).toEqual({ kind: 'refused', reason });
    await waitFor('the end', () => rank.isClosed);
    expect(listener.describeWaiting()).toBe('none of the 2 ranks has connected');
  });

  it('forms no group of ranks of different runs, and refuses the late rank of an earlier one', async () => {
    const stale = await join2(0, 'old');
    await join2(0, 'new');
    await waitFor('both', () => log.length === 2);
    expect(listener.describeWaiting()).toContain('run old has 1 of 2 ranks, missing 1; run new has');
    await join2(1, 'new');
    expect((await listener.group).map(({ hello }) => hello.run)).toEqual(['new', 'new']);
    const reason = 'run old comes late: the group is complete';
    expect(await stale.received('refused')).toEqual({ kind: 'refused', reason });
    expect(await (await join2(1, 'old')).received('refused')).toEqual({ kind: 'refused', reason });
  });

  it('forgets a rank that leaves before the group is complete, and takes it again', async () => {
    const first = await join2(0);
    await waitFor('the first rank', () => log.length === 1);
    expect(await (await join2(0)).received('refused')).toMatchObject({
      reason: 'rank 0 of run r is connected already',
    });
    first.die();
    await waitFor('its end', () => listener.describeWaiting().startsWith('none'));
    await join2(0);
    await join2(1);
    expect(await listener.group).toHaveLength(2);
  });

  it('holds no more than a hello for a stranger', async () => {
    const stranger = await FakeRank.connect(path, { world: 2, token: 'x'.repeat(70_000) });
    await waitFor('the end', () => stranger.isClosed);
    expect(stranger.messages).toEqual([]);
  });

  it('ends whoever waits when it is closed', async () => {
    const rank = await join2(0);
    await waitFor('the rank', () => log.length === 1);
    listener.close();
    await expect(listener.group).rejects.toThrow('closed');
    await waitFor('the end', () => rank.isClosed);
  });
});
