import { defineConfig } from 'vitest/config';

/** Tiers are projects, by what they need; `npm test` runs all of them, one after the other (see README, Tests). */
const tier = (name: string, options: { include: string[]; testTimeout: number; fileParallelism?: boolean }) => ({
  test: { name, hookTimeout: 300_000, ...options },
});

export default defineConfig({
  test: {
    projects: [
      tier('unit', {
        include: ['src/**/*.spec.ts', 'scripts/**/*.spec.ts', 'models/**/*.spec.ts'],
        testTimeout: 30_000,
      }),
      tier('medium', { include: ['test/medium/**/*.spec.ts'], testTimeout: 60_000 }),
      tier('conformance', { include: ['test/conformance/**/*.spec.ts'], testTimeout: 120_000 }),
      tier('numerics', { include: ['test/numerics/**/*.spec.ts'], testTimeout: 120_000 }),
      tier('e2e', { include: ['test/e2e/**/*.spec.ts'], testTimeout: 180_000, fileParallelism: false }),
      tier('chaos', { include: ['test/chaos/**/*.spec.ts'], testTimeout: 30_000 }),
    ],
  },
});
