import { defineConfig } from 'vitest/config';

/** Tiers are projects, by what they need; `npm test` runs all of them (see README, Tests). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.spec.ts', 'scripts/**/*.spec.ts'], testTimeout: 30_000 } },
      { test: { name: 'medium', include: ['test/medium/**/*.spec.ts'], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: 'conformance', include: ['test/conformance/**/*.spec.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      { test: { name: 'numerics', include: ['test/numerics/**/*.spec.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
