import { describe, expect, it } from 'vitest';
import { NO_OWNER, runAs } from '../../common/caller.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { WrittenLoss } from '../../losses/expressions/written-loss.js';
import { Loss, LossFunction, TARGET_TOKENS } from '../../losses/loss-function.js';
import { builtInLosses, LossRegistry } from '../../losses/loss-registry.js';
import { LossesService } from './losses.service.js';
import {
  type NewWrittenLoss,
  type WrittenLossRepository,
  type WrittenLossRow,
} from './repositories/written-loss.repository.js';

@Loss({ name: 'focal', description: 'of the operator', inputs: [TARGET_TOKENS], config: [] })
class Focal extends LossFunction {
  override compute() {
    return { loss: 0, dLogprobs: new Float64Array(), metrics: {} };
  }
}

/** The rows of all owners, in memory. */
class Rows implements Pick<WrittenLossRepository, keyof WrittenLossRepository> {
  private rows: (WrittenLossRow & { owner: string })[] = [];

  add({ owner, definition, metadata }: NewWrittenLoss): Promise<WrittenLossRow> {
    const version = this.of(owner).length + 1;
    const row = { owner, name: definition.name, version, definition, metadata, createdAt: new Date(0) };
    this.rows.unshift(row);
    return Promise.resolve(row);
  }

  find(owner: string, name: string, version?: number): Promise<WrittenLossRow | null> {
    const found = this.of(owner).find((row) => row.name === name && row.version === (version ?? row.version));
    return Promise.resolve(found ?? null);
  }

  findAll(owner: string): Promise<WrittenLossRow[]> {
    return Promise.resolve(this.of(owner));
  }

  findVersions(owner: string, name: string): Promise<WrittenLossRow[]> {
    return Promise.resolve(this.of(owner).filter((row) => row.name === name));
  }

  findOwners(names: readonly string[]): Promise<{ name: string; owners: string[] }[]> {
    const taken = this.rows.filter(({ name }) => names.includes(name));
    return Promise.resolve(taken.map(({ name, owner }) => ({ name, owners: [owner] })));
  }

  remove(owner: string, name: string): Promise<number> {
    const before = this.rows.length;
    this.rows = this.rows.filter((row) => row.owner !== owner || row.name !== name);
    return Promise.resolve(before - this.rows.length);
  }

  private of(owner: string) {
    return this.rows.filter((row) => row.owner === owner);
  }
}

const FOCAL: LossDefinition = { name: 'focal', description: 'of the client', loss: '-sum(target_logprobs)' };

describe('a name that a client has registered before a plugin took it', () => {
  async function start() {
    const rows = new Rows();
    const { metadata } = new WrittenLoss(FOCAL);
    await rows.add({ owner: 'key_1', definition: FOCAL, metadata });
    const registry = new LossRegistry([...builtInLosses(), new Focal()]);
    const service = new LossesService(registry, rows as Partial<WrittenLossRepository> as WrittenLossRepository);
    await service.onApplicationBootstrap();
    return service;
  }

  it("stays the client's: for requests, alone, and in the list", async () => {
    const service = await start();
    await runAs('key_1', async () => {
      expect(await service.resolve('focal')).toEqual({ name: 'focal', version: 1, definition: FOCAL });
      expect((await service.get('focal')).written).toMatchObject({ definition: FOCAL });
      expect((await service.list()).losses.filter(({ metadata }) => metadata.name === 'focal')).toMatchObject([
        { metadata: { description: 'of the operator' }, version: null, shadowed: true },
        { metadata: { description: 'of the client' }, version: 1, shadowed: false },
      ]);
      expect(await service.register({ ...FOCAL, loss: 'sum(target_logprobs)' })).toMatchObject({ version: 2 });
    });
  });

  it('is that of the plugin for everybody else', async () => {
    const service = await start();
    for (const owner of ['key_2', NO_OWNER]) {
      await runAs(owner, async () => {
        expect(await service.resolve('focal')).toEqual({ name: 'focal' });
        expect((await service.list()).losses.filter(({ shadowed }) => shadowed)).toEqual([]);
        await expect(service.register(FOCAL)).rejects.toMatchObject({ code: 'conflict' });
        await expect(service.delete('focal')).rejects.toMatchObject({ code: 'conflict' });
      });
    }
  });

  it('goes to the plugin when the client deletes its own', async () => {
    const service = await start();
    await runAs('key_1', async () => {
      expect(await service.delete('focal')).toBe(1);
      expect(await service.resolve('focal')).toEqual({ name: 'focal' });
      expect(await service.get('focal')).toMatchObject({ written: null });
      await expect(service.register(FOCAL)).rejects.toMatchObject({ code: 'conflict' });
    });
  });
});
