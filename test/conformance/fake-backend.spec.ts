import { FAKE_MODEL, FakeBackend } from '../support/fake-backend/fake-backend.js';
import { describeConformance } from './compute-backend.cases.js';

async function started(): Promise<FakeBackend> {
  const backend = new FakeBackend();
  await backend.start();
  return backend;
}

describeConformance({
  name: 'FakeBackend',
  async open() {
    const backend = await started();
    return {
      backend,
      baseModel: FAKE_MODEL.name,
      openSmall: started,
      textOf: (tokens) => Array.from(tokens).join(' '),
      close: () => backend.stop(),
    };
  },
});
