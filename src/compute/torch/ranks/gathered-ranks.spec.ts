import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeRank, QuietLogger } from '../../../../test/support/engines/fake-rank.js';
import { waitFor } from '../../../../test/support/wait-for.js';
import { GatheredRanks } from './gathered-ranks.js';
import { type GroupLostError } from '../torch.errors.js';

let folder: string;
let open: GatheredRanks[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-launch-'));
  open = [];
});
afterEach(async () => {
  for (const ranks of open) await ranks.stop();
  await rm(folder, { recursive: true });
});

/** Ranks that are this shell script; it finds the folder of the test in $FOLDER. */
async function ranksOf(script: string, options: { ranks?: number; connectMs?: number } = {}): Promise<GatheredRanks> {
  const { ranks = 1, ...rest } = options;
  const python = join(folder, 'python');
  await writeFile(python, `#!/bin/sh\nFOLDER=${folder}\n${script}\n`);
  await chmod(python, 0o700);
  const gathered = new GatheredRanks({
    source: { kind: 'local', ranks, python, program: '/the/program' },
    generation: 1,
    settings: {} as never,
    deadlines: { silenceMs: 60_000, callMs: 60_000 },
    logger: new QuietLogger(),
    ...rest,
  });
  open.push(gathered);
  return gathered;
}

/** Writes its process and its environment down and goes on for ever. */
const WAIT = `
env > "$FOLDER/env$RANK.part"; echo $$ > "$FOLDER/pid$RANK"; mv "$FOLDER/env$RANK.part" "$FOLDER/env$RANK"
while true; do sleep 0.1; done`;

async function written(name: string): Promise<string> {
  await waitFor(name, () =>
    readFile(join(folder, name)).then(
      () => true,
      () => false,
    ),
  );
  return readFile(join(folder, name), 'utf8');
}

async function environmentOf(rank: number): Promise<Record<string, string>> {
  const lines = (await written(`env${rank}`)).split('\n').map((line) => line.split('=', 2) as [string, string]);
  return Object.fromEntries(lines);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Connects instead of the ranks that were started. */
async function connectAs(rank: number, world: number): Promise<FakeRank> {
  const {
    THINKER_CONTROL_URL: url,
    THINKER_CONTROL_TOKEN: token,
    TORCHELASTIC_RUN_ID: run,
  } = await environmentOf(rank);
  return FakeRank.connect(url!.replace('unix:', ''), { token: token!, run: run!, rank, world });
}

describe('ranks on this machine', () => {
  it('get the environment of torchrun, and none of the settings of the service', async () => {
    process.env['DATABASE_URL'] = 'postgres://secret';
    try {
      const started = (await ranksOf(WAIT, { ranks: 2 })).start(() => undefined);
      const refused = expect(started).rejects.toThrow('the listener was closed');
      const [first, second] = [await environmentOf(0), await environmentOf(1)];
      expect(second).toMatchObject({ RANK: '1', LOCAL_RANK: '1', WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1' });
      expect(second['MASTER_PORT']).toBe(first['MASTER_PORT']);
      expect(second['PYTHONPATH']).toBe('/the/program');
      expect(second['PATH']).toBe(process.env['PATH']);
      expect(second).not.toHaveProperty('DATABASE_URL');
      await open[0]!.stop();
      await refused;
    } finally {
      delete process.env['DATABASE_URL'];
    }
  });

  it('are killed with the whole group when one is lost, even those that are stopped', async () => {
    const lost: GroupLostError[] = [];
    const started = (await ranksOf(WAIT, { ranks: 2 })).start((error) => lost.push(error));
    const ranks = [await connectAs(0, 2), await connectAs(1, 2)];
    expect((await started).size).toBe(2);
    const pids = [Number(await written('pid0')), Number(await written('pid1'))];
    process.kill(pids[1]!, 'SIGSTOP');
    expect(pids.map(isAlive)).toEqual([true, true]);
    ranks[0]!.die();
    await waitFor('the end of both', () => !pids.some(isAlive));
    expect(lost).toMatchObject([{ code: 'ranks_lost' }]);
  });

  it('that end before they connect are the reason why there are none, with what they wrote', async () => {
    const ranks = await ranksOf('echo "No module named torch" >&2; exit 3', { ranks: 2 });
    await expect(ranks.start(() => undefined)).rejects.toMatchObject({
      code: 'ranks_unavailable',
      message: expect.stringMatching(
        /rank \d ended with code 3\n {2}No module named torch\. .*npm run setup:torch/,
      ) as string,
    });
  });

  it('that do not connect in time are killed', async () => {
    const ranks = await ranksOf(WAIT, { connectMs: 300 });
    await expect(ranks.start(() => undefined)).rejects.toThrow('they have not connected within 0.3 s');
    const pid = Number(await written('pid0'));
    await waitFor('its end', () => !isAlive(pid));
  });

  it('need an interpreter', async () => {
    const ranks = await ranksOf('');
    await rm(join(folder, 'python'));
    await expect(ranks.start(() => undefined)).rejects.toThrow(/spawn .*python ENOENT.*TORCH_PYTHON/);
  });
});
