import { expect } from 'vitest';
import {
  ADAM,
  adapter,
  base,
  type ConformanceCase,
  DATUMS,
  digest,
  digestOf,
  digestTensors,
  isLoaded,
  LORA,
  requestOf,
  SAMPLING,
  train,
  withAdapters,
} from './conformance-subject.js';

const BATCH = requestOf(DATUMS);

export const STATE_CASES: readonly ConformanceCase[] = [
  {
    name: 'capabilities name the engine, the device and the base models',
    run: async ({ backend, baseModel }) => {
      const { engine, device, maxRank, ranks, callsInFlight, repeatability, batching, baseModels } =
        backend.capabilities;
      expect([engine, device]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
      expect(maxRank).toBeGreaterThanOrEqual(64);
      expect(Math.min(ranks, callsInFlight.passes, callsInFlight.generations)).toBeGreaterThanOrEqual(1);
      expect(['bitwise', 'rounding']).toContain(repeatability);
      expect(['exact', 'rounding', 'off']).toContain(batching);
      const model = baseModels.find(({ name }) => name === baseModel)!;
      expect(model.vocabSize).toBeGreaterThanOrEqual(90);
      expect(model.contextLength).toBeGreaterThanOrEqual(32);
      expect(model.parameterCount).toBeGreaterThanOrEqual(0);
    },
  },
  {
    name: 'counts its work',
    run: async (subject) => {
      const { backend } = subject;
      const before = await backend.countWork();
      await backend.forward(base(subject), requestOf(DATUMS));
      const request = { prompt: Int32Array.of(5), count: 2, sampling: { ...SAMPLING, maxNewTokens: 3 } };
      await backend.generate(base(subject), request);
      const after = await backend.countWork();
      expect(after.passes - before.passes).toBe(1);
      expect(after.passRequests - before.passRequests).toBe(1);
      expect(after.steps).toBeGreaterThan(before.steps);
      expect(after.stepRequests - before.stepRequests).toBeGreaterThanOrEqual(after.steps - before.steps);
    },
  },
  {
    name: 'the seed alone decides the first weights',
    run: (subject) =>
      withAdapters(subject, { a: {}, same: {}, other: { seed: 12 } }, async () => {
        const { backend } = subject;
        const [a, same, other] = [
          await digestOf(backend, 'a'),
          await digestOf(backend, 'same'),
          await digestOf(backend, 'other'),
        ];
        expect(same).toBe(a);
        expect(other).not.toBe(a);
        expect(await backend.exportState('a')).toMatchObject({ step: 0, passes: 0, gradients: null });
      }),
  },
  {
    name: 'a deleted adapter is unknown, deleting again is fine, and its id can be used anew',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend, baseModel } = subject;
        const fresh = await digestOf(backend, 'a');
        await train(backend, 'a');
        expect(await isLoaded(backend, 'a')).toBe(true);
        await backend.deleteAdapter('a');
        await backend.deleteAdapter('a');
        expect(await isLoaded(backend, 'a')).toBe(false);
        const unknown = { code: 'adapter_not_loaded' };
        await expect(backend.exportState('a')).rejects.toMatchObject(unknown);
        await expect(backend.forward(adapter('a'), BATCH)).rejects.toMatchObject(unknown);
        await expect(backend.forwardBackward('a', BATCH)).rejects.toMatchObject(unknown);
        await expect(backend.optimStep('a', ADAM)).rejects.toMatchObject(unknown);
        const request = { prompt: Int32Array.of(5), count: 1, sampling: SAMPLING };
        await expect(backend.generate(adapter('a'), request)).rejects.toMatchObject(unknown);
        await backend.createAdapter({ id: 'a', baseModel, lora: LORA });
        expect(await digestOf(backend, 'a')).toBe(fresh);
      }),
  },
  {
    name: 'unknown base models and losses are refused by their codes, and leave no adapter',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const handle = { id: 'lost', baseModel: 'nobody/nothing', lora: LORA };
        await expect(backend.createAdapter(handle)).rejects.toMatchObject({ code: 'unknown_base_model' });
        expect(await isLoaded(backend, 'lost')).toBe(false);
        const target = { kind: 'base', baseModel: 'nobody/nothing' } as const;
        await expect(backend.forward(target, BATCH)).rejects.toMatchObject({ code: 'unknown_base_model' });
        const before = await digestOf(backend, 'a');
        const loss = { name: 'no_such_loss', config: {} };
        await expect(backend.forwardBackward('a', { ...BATCH, loss })).rejects.toMatchObject({
          code: 'loss_plugin_missing',
        });
        expect(await digestOf(backend, 'a')).toBe(before);
      }),
  },
  {
    name: 'export, delete, create with the state: every later result is the same, bit for bit',
    run: (subject) =>
      withAdapters(subject, { kept: {}, moved: {} }, async () => {
        const { backend, baseModel } = subject;
        for (const id of ['kept', 'moved']) {
          await train(backend, id);
          await backend.forwardBackward(id, BATCH);
        }
        const state = await backend.exportState('moved');
        await backend.deleteAdapter('moved');
        await backend.createAdapter({ id: 'moved', baseModel, lora: LORA }, { state });
        expect(await digestOf(backend, 'moved')).toBe(digest(state));
        expect(state).toMatchObject({ step: 2, passes: 3 });
        for (const id of ['kept', 'moved']) await backend.forwardBackward(id, BATCH);
        expect(await backend.optimStep('moved', ADAM)).toEqual(await backend.optimStep('kept', ADAM));
        expect(await digestOf(backend, 'moved')).toBe(await digestOf(backend, 'kept'));
        const [moved, kept] = [
          await backend.forward(adapter('moved'), BATCH),
          await backend.forward(adapter('kept'), BATCH),
        ];
        expect(moved).toEqual(kept);
      }),
  },
  {
    name: 'a state that is saved by reference is read back bit for bit, and its tensors do not move',
    run: (subject) =>
      withAdapters(subject, { a: {}, copy: { seed: 12 }, twin: { seed: 13 } }, async () => {
        const { backend, baseModel, sentBytes = () => 0 } = subject;
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        const before = await digestOf(backend, 'a');
        const described = { step: 2, hasGradients: true };
        const sent = sentBytes();
        const saving = backend.saveState('a', 'state/conformance/1', 'all');
        // The state is the one at the call.
        const dropped = backend.dropGradients('a');
        const saved = await saving;
        await dropped;
        expect(saved).toMatchObject(described);
        expect(saved.bytes).toBe(await subject.checkpoints.sizeBytes('state/conformance/1'));
        await backend.createAdapter({ id: 'copy', baseModel, lora: LORA }, { ref: 'state/conformance/1' });
        await backend.createAdapter({ id: 'twin', baseModel, lora: LORA }, { adapterId: 'copy' });
        expect(await backend.describeState('twin')).toEqual(described);
        expect(await backend.digestState('twin')).toBe(saved.digest);
        expect(sentBytes()).toBe(sent);
        expect([await digestOf(backend, 'copy'), await digestOf(backend, 'twin')]).toEqual([before, before]);
      }),
  },
  {
    name: 'parts of a state that are saved are what a load takes: weights alone, or with the optimizer, never gradients',
    run: (subject) =>
      withAdapters(subject, { a: {}, other: { seed: 12 } }, async () => {
        const { backend } = subject;
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        const state = await backend.exportState('a');
        await backend.saveState('a', 'checkpoints/conformance/whole', 'optimizer');
        await backend.saveState('a', 'checkpoints/conformance/bare', 'weights');
        await backend.loadState('other', { ref: 'checkpoints/conformance/whole' }, { optimizer: true });
        expect(digest(await backend.exportState('other'))).toBe(digest({ ...state, gradients: null }));
        await backend.loadState('other', { ref: 'checkpoints/conformance/bare' }, { optimizer: false });
        expect(digestTensors((await backend.exportState('other')).weights)).toBe(digestTensors(state.weights));
        expect(await backend.describeState('other')).toEqual({ step: 0, hasGradients: false });
        const nowhere = backend.loadState('other', { ref: 'checkpoints/conformance/no' }, { optimizer: true });
        await expect(nowhere).rejects.toMatchObject({ code: 'storage_failed' });
      }),
  },
  {
    name: 'digests are the same for the same steps, and tell states apart by weights, moments, step and gradients',
    run: (subject) =>
      withAdapters(subject, { a: {}, same: {}, other: { seed: 12 } }, async () => {
        const { backend, baseModel } = subject;
        const seen = [await backend.digestState('a'), await backend.digestState('other')];
        for (let step = 0; step < 2; step++) {
          for (const id of ['a', 'same']) await backend.forwardBackward(id, BATCH);
          seen.push(await backend.digestState('a'));
          const { digest: after } = await backend.optimStep('a', ADAM);
          expect((await backend.optimStep('same', ADAM)).digest).toBe(after);
          expect(await backend.digestState('a')).toBe(after);
          seen.push(after);
        }
        expect(new Set(seen).size).toBe(seen.length);
        const state = await backend.exportState('a');
        await backend.createAdapter({ id: 'other', baseModel, lora: { ...LORA, seed: 12 } }, { state });
        expect(await backend.digestState('other')).toBe(seen.at(-1));
        await backend.loadState('other', { state }, { optimizer: false });
        expect(await backend.digestState('other')).not.toBe(seen.at(-1));
      }),
  },
  {
    name: 'an exported state is a copy: changing it changes nothing here',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        const before = await digestOf(backend, 'a');
        const { weights, moments, gradients } = await backend.exportState('a');
        for (const tensors of [weights, moments.m, moments.v, gradients!]) {
          for (const { data } of tensors.values()) data.fill(1);
        }
        expect(await digestOf(backend, 'a')).toBe(before);
      }),
  },
  {
    name: 'loadState takes weights, and moments and step only when asked; unapplied gradients of both are dropped',
    run: (subject) =>
      withAdapters(subject, { from: {}, whole: { seed: 12 }, bare: { seed: 12 } }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'from');
        await backend.forwardBackward('from', BATCH);
        const state = await backend.exportState('from');
        for (const [id, optimizer] of [
          ['whole', true],
          ['bare', false],
        ] as const) {
          await backend.forwardBackward(id, BATCH);
          await backend.loadState(id, { state }, { optimizer });
          await expect(backend.optimStep(id, ADAM)).rejects.toMatchObject({ code: 'no_gradients' });
        }
        const [whole, bare] = [await backend.exportState('whole'), await backend.exportState('bare')];
        expect(digest(whole)).toBe(digest({ ...state, gradients: null }));
        expect(digestTensors(bare.weights)).toBe(digestTensors(state.weights));
        expect(bare).toMatchObject({ step: 0, gradients: null, moments: { m: new Map(), v: new Map() } });
        await backend.deleteAdapter('from');
        await backend.createAdapter({ id: 'from', baseModel, lora: LORA }, { state: { ...state, gradients: null } });
        for (const id of ['from', 'whole', 'bare']) await backend.forwardBackward(id, BATCH);
        expect(await backend.optimStep('whole', ADAM)).toEqual(await backend.optimStep('from', ADAM));
        expect(await backend.optimStep('bare', ADAM)).toMatchObject({ step: 1 });
      }),
  },
  {
    name: 'a state that does not fit is refused and changes nothing',
    run: (subject) =>
      withAdapters(subject, { a: {}, b: { rank: 2 } }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'b');
        const other = await backend.exportState('b');
        const before = await digestOf(backend, 'a');
        const mismatch = { code: 'adapter_mismatch', category: 'user' };
        await expect(backend.loadState('a', { state: other }, { optimizer: true })).rejects.toMatchObject(mismatch);
        const own = await backend.exportState('a');
        const [first] = own.weights.keys();
        const without = new Map([...own.weights].filter(([name]) => name !== first));
        const partial = { ...own, weights: without };
        await expect(backend.loadState('a', { state: partial }, { optimizer: false })).rejects.toMatchObject(mismatch);
        const more = {
          ...own,
          weights: new Map([...own.weights, ['surplus', { shape: [1], data: new Float32Array(1) }]]),
        };
        await expect(backend.loadState('a', { state: more }, { optimizer: false })).rejects.toMatchObject(mismatch);
        // Weights that fit do not excuse moments that do not.
        const mixed = { ...own, step: other.step, moments: other.moments };
        await expect(backend.loadState('a', { state: mixed }, { optimizer: true })).rejects.toMatchObject(mismatch);
        await expect(backend.createAdapter({ id: 'c', baseModel, lora: LORA }, { state: mixed })).rejects.toMatchObject(
          mismatch,
        );
        expect(await isLoaded(backend, 'c')).toBe(false);
        expect(await digestOf(backend, 'a')).toBe(before);
      }),
  },
  {
    name: "'base' is the bare base model whatever adapters exist",
    run: (subject) =>
      withAdapters(subject, { base: {} }, async () => {
        const { backend } = subject;
        const request = { prompt: Int32Array.of(5, 9), count: 1, sampling: SAMPLING };
        const before = [await backend.forward(base(subject), BATCH), await backend.generate(base(subject), request)];
        await train(backend, 'base');
        const after = [await backend.forward(base(subject), BATCH), await backend.generate(base(subject), request)];
        expect(after).toEqual(before);
      }),
  },
];
