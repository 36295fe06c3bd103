import { beforeEach, describe, expect, it } from 'vitest';
import { ADAPTER_ID, AdapterWorker, AdapterWorld } from '../../../test/support/service/adapter-world.js';
import { Gate } from '../../../test/support/wait-for.js';

let world: AdapterWorld;

beforeEach(() => {
  world = new AdapterWorld();
});

describe('AdapterResidency', () => {
  it('restores an adapter that another worker may have changed between two leases', async () => {
    const first = new AdapterWorker(world);
    await first.train(1);
    world.lease = 2;
    const second = new AdapterWorker(world);
    await second.train(1);
    world.lease = 3;
    await first.train(1);
    expect((await first.state()).step).toBe(3);
  });

  it('rebuilds the state from the log alone, bit for bit, unapplied gradients included', async () => {
    const first = new AdapterWorker(world);
    await first.train(3);
    await first.run(world.forwardBackward());
    expect(world.snapshots.size).toBe(0);

    const second = new AdapterWorker(world);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
  });

  it('rebuilds the state from a snapshot and the operations after it', async () => {
    const first = new AdapterWorker(world, { snapshotIntervalS: 0 });
    await first.train(2);
    await first.residency.drain();
    const snapshots = world.snapshots.size;
    const middle = await first.state();
    const second = new AdapterWorker(world);
    await second.train(1);
    expect(world.snapshots.size).toBe(snapshots);

    const third = new AdapterWorker(world);
    await third.residency.use(world.operation('forward'));
    const state = await third.state();
    expect(state).toEqual(await second.state());
    expect(state.step).toBe(middle.step + 1);
  });

  it('does not replay what failed', async () => {
    const first = new AdapterWorker(world);
    await first.train(1);
    const before = await first.state();
    await first.run(world.forwardBackward(), 'failed');
    await first.residency.use(world.operation('forward'));
    expect(await first.state()).toEqual(before);
  });

  it('goes on in memory after a step that dropped the gradients, and drops them when it replays the log', async () => {
    const first = new AdapterWorker(world);
    await first.train(1);
    await first.run(world.forwardBackward());
    await first.run(world.explodingForwardBackward());
    await first.runFailing(world.optimStep());
    expect(await first.state()).toMatchObject({ step: 1, gradients: null, gradientPasses: 0, passes: 3 });
    await first.train(1);

    const second = new AdapterWorker(world);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
    expect(world.row.divergedAtStep).toBeNull();
  });

  it('drops what it computed but could not store, so that a repeat counts once', async () => {
    const first = new AdapterWorker(world);
    const lost = world.forwardBackward();
    await first.run(lost, 'lost');
    await first.run(lost);

    const undisturbed = new AdapterWorker(new AdapterWorld());
    await undisturbed.run(new AdapterWorld().forwardBackward());
    expect((await first.state()).gradients).toEqual((await undisturbed.state()).gradients);
  });

  it('leaves what an operation under a new lease has brought back where a late eviction comes after it', async () => {
    const worker = new AdapterWorker(world, { snapshotIntervalS: 0 });
    const written = new Gate();
    world.beforeWrite = () => written.passed;
    await worker.train(1);
    const evicted = worker.residency.evict(ADAPTER_ID);
    world.lease = 2;
    await worker.residency.use(world.operation('forward'));
    written.open();
    await evicted;
    expect((await worker.state()).step).toBe(1);
  });

  it('leaves the adapter as it was when the work fails', async () => {
    const worker = new AdapterWorker(world);
    await worker.train(1);
    const before = await worker.state();
    await expect(worker.run(world.optimStep())).rejects.toMatchObject({ code: 'no_gradients' });
    expect(await worker.state()).toEqual(before);
    await worker.train(1);
    expect((await worker.state()).step).toBe(2);
  });

  it('writes a last snapshot when the worker drains, and none when nothing is new', async () => {
    const worker = new AdapterWorker(world);
    await worker.train(1);
    await worker.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([2]);
    world.snapshots.clear();
    await worker.residency.drain();
    expect(world.snapshots.size).toBe(0);
  });

  it('goes on without a snapshot when it cannot be written', async () => {
    const first = new AdapterWorker(world, { snapshotIntervalS: 0 });
    world.failWrites = true;
    await first.train(2);
    await first.residency.drain();
    expect(world.snapshots.size).toBe(0);

    const second = new AdapterWorker(world);
    await second.residency.use(world.operation('forward'));
    expect(await second.state()).toEqual(await first.state());
  });

  it('writes a snapshot after SNAPSHOT_STEPS steps', async () => {
    const worker = new AdapterWorker(world, { snapshotSteps: 2 });
    await worker.train(5);
    await worker.residency.drain();
    expect([...world.snapshots.keys()]).toEqual([4, 8, 10]);
  });

  it('refuses a deleted adapter', async () => {
    const worker = new AdapterWorker(world);
    Object.assign(world.row, { deletedAt: new Date() });
    await expect(worker.residency.use(world.operation('forward'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('restores once when several read-only operations come at once', async () => {
    const first = new AdapterWorker(world);
    await first.train(1);
    const second = new AdapterWorker(world);
    let created = 0;
    const create = second.backend.createAdapter.bind(second.backend);
    second.backend.createAdapter = async (...parameters) => {
      created++;
      return create(...parameters);
    };
    await Promise.all([1, 2, 3].map(() => second.residency.use(world.operation('generate'))));
    expect(created).toBe(1);
  });

  it('rebuilds what the backend has lost', async () => {
    const worker = new AdapterWorker(world);
    await worker.train(2);
    const before = await worker.state();
    worker.backend.lose('of another');
    await worker.residency.use(world.operation('forward'));
    worker.backend.lose(ADAPTER_ID);
    await worker.residency.use(world.operation('forward'));
    expect(await worker.state()).toEqual(before);
  });

  it('begins anew when the adapter is lost while it is rebuilt', async () => {
    const first = new AdapterWorker(world);
    await first.train(2);
    const second = new AdapterWorker(world);
    const step = second.backend.optimStep.bind(second.backend);
    let steps = 0;
    second.backend.optimStep = async (...parameters) => {
      const result = await step(...parameters);
      if (++steps === 2) second.backend.lose(ADAPTER_ID);
      return result;
    };
    await Promise.all([1, 2].map(() => second.residency.use(world.operation('forward'))));
    expect(await second.state()).toEqual(await first.state());
    expect(steps).toBe(4);
  });
});
