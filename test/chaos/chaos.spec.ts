import { mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRedis } from '../../scripts/lib/redis.mjs';
import { type ChaosReport, runChaos } from './chaos-run.js';

const FAULTS = Number(process.env['CHAOS_FAULTS'] ?? 10);
const SEED = process.env['CHAOS_SEED'] ?? '1539';
/** Starting everything twice, and what one fault takes at the most on a slow machine. */
const TIMEOUT_MS = 300_000 + FAULTS * 60_000;

const needsRedis = findRedis() === undefined ? ' (skipped: needs redis-server on the PATH)' : '';

describe.skipIf(needsRedis !== '')(`a service that is struck by faults${needsRedis}`, () => {
  it(`gives the same numbers as one that is not: ${FAULTS} faults, seed ${SEED}`, { timeout: TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'thinker-chaos-'));
    chmodSync(folder, 0o711); // for root, Postgres runs as another account
    const log = (line: string) => console.log(`chaos: ${line}`);
    const report = await runChaos({ faults: FAULTS, seed: SEED, folder, log }).catch((error: unknown) => {
      log(`logs of all processes are in ${folder}`);
      throw error;
    });
    const line = summary(report);
    log(line);
    if (process.env['CHAOS_SUMMARY']) writeFileSync(process.env['CHAOS_SUMMARY'], line);
    if (report.findings.length > 0) log(`logs of all processes are in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
    expect(report.findings).toEqual([]);
    expect([...report.struck.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(FAULTS / 2);
  });
});

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
