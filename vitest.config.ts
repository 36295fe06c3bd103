import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

interface TierOptions {
  readonly include: string[];
  readonly exclude?: string[];
  readonly testTimeout: number;
  readonly fileParallelism?: boolean;
  readonly sequence?: { readonly groupOrder: number };
}

/** Tiers are projects, by what they need; `npm test` runs all of them, one after the other (see README, Tests). */
const tier = (name: string, options: TierOptions) => ({ test: { name, hookTimeout: 300_000, ...options } });

/** Files of the e2e tier that look at delays or memory, or start several services: they run after the others, alone. */
const E2E_ALONE = ['api-flood', 'event-loop', 'full-disk', 'quickstart'].map((name) => `test/e2e/${name}.spec.ts`);

/** They start ranks that run PyTorch. */
const TORCH = ['test/conformance/torch-*.spec.ts', 'test/torch/**/*.spec.ts'];

/** Two files at once even on two cores: a test waits for its service, or for the database, most of the time. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      tier('unit', {
        include: [
          'src/**/*.spec.ts',
          'scripts/**/*.spec.ts',
          'models/**/*.spec.ts',
          'clients/**/*.spec.ts',
          'console/**/*.spec.ts',
        ],
        testTimeout: 30_000,
      }),
      tier('medium', { include: ['test/medium/**/*.spec.ts'], testTimeout: 60_000 }),
      tier('conformance', { include: ['test/conformance/**/*.spec.ts'], exclude: TORCH, testTimeout: 120_000 }),
      tier('numerics', { include: ['test/numerics/**/*.spec.ts'], testTimeout: 120_000 }),
      // Each file has a service of its own.
      tier('e2e', {
        include: ['test/e2e/**/*.spec.ts'],
        exclude: E2E_ALONE,
        testTimeout: 180_000,
        sequence: { groupOrder: 0 },
      }),
      tier('e2e-alone', {
        include: E2E_ALONE,
        testTimeout: 180_000,
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
      // Their own project, since they need a Python environment with torch: npm run test:torch.
      tier('torch', { include: TORCH, testTimeout: 300_000, fileParallelism: false }),
      // Their own project, since the clients are installed on demand: npm run test:clients.
      tier('clients', { include: ['test/clients/**/*.spec.mjs'], testTimeout: 180_000 }),
      tier('chaos', { include: ['test/chaos/**/*.spec.ts'], testTimeout: 30_000 }),
    ],
  },
});
