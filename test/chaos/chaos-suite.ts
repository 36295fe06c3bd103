import { mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRedis } from '../../scripts/lib/redis.mjs';
import { type ChaosBackend } from './chaos-backend.js';
import { type ChaosReport, runChaos } from './chaos-run.js';

/** Starting everything twice, and what one fault takes at the most on a slow machine. */
const START_MS = 300_000;
const FAULT_MS = 60_000;

export interface ChaosTest {
  readonly backend: ChaosBackend;
  readonly faults: number;
  readonly seed: string;
  /** Why it cannot run here; null when it can. */
  readonly missing?: string | null;
}

/** The test that a service under faults gives the numbers of an undisturbed one. */
export function describeChaos({ backend, faults, seed, missing = null }: ChaosTest): void {
  const needs = findRedis() === undefined ? 'needs redis-server on the PATH' : missing;
  const note = needs === null ? '' : ` (skipped: ${needs})`;
  const timeout = (START_MS + faults * FAULT_MS) * backend.patience;

  describe.skipIf(needs !== null)(`a service that is struck by faults${note}`, () => {
    it(`gives the same numbers as one that is not: ${faults} faults, seed ${seed}`, { timeout }, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'thinker-chaos-'));
      chmodSync(folder, 0o711); // for root, Postgres runs as another account
      const log = (line: string) => console.log(`chaos: ${line}`);
      const report = await runChaos({ backend, faults, seed, folder, log }).catch((error: unknown) => {
        log(`logs of all processes are in ${folder}`);
        throw error;
      });
      const line = summary(report);
      log(line);
      if (process.env['CHAOS_SUMMARY']) writeFileSync(process.env['CHAOS_SUMMARY'], line);
      if (report.findings.length > 0) log(`logs of all processes are in ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
      expect(report.findings).toEqual([]);
      expect([...report.struck.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(faults / 2);
    });
  });
}

function summary({ struck, missed, operations, shared, ...run }: ChaosReport): string {
  const count = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, each) => sum + each, 0);
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, times]) => `${name} ${times}`)
      .join(', ');
  const notHit = missed.size === 0 ? '' : `; ${count(missed)} missed (${list(missed)})`;
  return (
    `${count(struck)} faults (${list(struck)})${notHit}; ${run.restarts} restarts; workers with ${run.room}; ` +
    `${count(operations)} operations (${list(operations)}) in ${run.steps} steps; ` +
    `batching ${shared.batching.join()}: ${shared.passes} passes for ${shared.passRequests}, ${shared.steps} steps for ` +
    `${shared.stepRequests} requests; ${run.requests} requests accepted, sent again ${run.repeated} times; ${run.findings.length} differences`
  );
}
