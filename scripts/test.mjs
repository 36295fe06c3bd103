/**
 * npm test [-- <tier>... <vitest arguments>...]: installs and builds what is missing, starts a private Postgres (and a
 * Redis if installed) for the run, runs the tiers in order and prints a summary.
 *
 * Fails if a test fails, if a tier has no tests, or if a skipped test does not state what it needs. Tests receive
 * TEST_DATABASE_URL, and TEST_REDIS_URL if there is a Redis; set them to use existing servers.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, projectRoot } from './lib/bootstrap.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { startPostgres } from './lib/embedded-postgres.mjs';
import { ensureRealTokenizers } from './lib/real-tokenizers.mjs';
import { startRedis } from './lib/redis.mjs';
import { ensureS3Server } from './lib/s3-server.mjs';
import { StopStack } from './lib/stop-stack.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const TIERS = ['unit', 'medium', 'conformance', 'numerics', 'e2e', 'chaos'];
/** Tiers that consist of several projects of vitest.config.ts. */
const PROJECTS = { e2e: ['e2e', 'e2e-alone'] };
const NEED_SERVICES = new Set(['medium', 'e2e']);
/** Tiers that start the built service. */
const NEED_BUILD = new Set([...NEED_SERVICES, 'chaos']);

const args = process.argv.slice(2);
const chosen = TIERS.filter((tier) => args.includes(tier));
const tiers = chosen.length > 0 ? chosen : TIERS;
const passedOn = args.filter((arg) => !TIERS.includes(arg));

/** Starts Postgres and Redis for this run, in a temporary folder. */
async function startServices(stack) {
  if (!tiers.some((tier) => NEED_SERVICES.has(tier))) return {};
  const folder = temporaryFolder('thinker-test-');
  stack.push('the temporary folder', () => rmSync(folder, { recursive: true, force: true }));
  const env = {};
  if (!process.env.TEST_DATABASE_URL) {
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), log: console.log, durable: false });
    stack.push('the data of Postgres', () => rmSync(postgres.dataDir, { recursive: true, force: true }));
    stack.push('Postgres', () => postgres.stop());
    env.TEST_DATABASE_URL = postgres.url;
  }
  if (!process.env.TEST_REDIS_URL) {
    const redis = await startRedis({ dataDir: path.join(folder, 'redis'), log: console.log });
    if (redis === null) console.log('No redis-server on the PATH: tests that need Redis are skipped.');
    else {
      stack.push('Redis', () => redis.stop());
      env.TEST_REDIS_URL = redis.url;
    }
  }
  return env;
}

/** Runs one tier and resolves with its counts. A vitest process that exits without a report counts as one failure. */
async function runTier(tier, env, signal) {
  const folder = temporaryFolder('thinker-report-');
  const file = path.join(folder, 'report.json');
  const vitest = path.join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${path.join(import.meta.dirname, 'lib', 'tier-reporter.mjs')}`];
  const filters = passedOn.length > 0 ? [...passedOn, '--passWithNoTests'] : []; // a filter may match in one tier only
  const began = Date.now();
  console.log(`\n=== ${tier} ===`);
  const code = await new Promise((resolve) => {
    const projects = (PROJECTS[tier] ?? [tier]).flatMap((name) => ['--project', name]);
    const child = spawn(process.execPath, [vitest, 'run', ...projects, ...reporters, ...filters], {
      cwd: projectRoot,
      env: { ...process.env, ...env, TIER_REPORT: file },
      stdio: 'inherit',
      signal,
    });
    child.once('error', () => resolve(1));
    child.once('exit', (status) => resolve(status ?? 1));
  });
  const report = readReport(file);
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 && report.failed + report.errors === 0) report.errors++;
  return { tier, ...report, seconds: Math.round((Date.now() - began) / 1000) };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, errors: 0, skips: [] };
  }
}

/** Prints the counts per tier and each skip reason once; returns whether the run succeeded. */
function summarize(reports) {
  console.log('\n=== all tiers ===');
  const total = { passed: 0, failed: 0, skipped: 0 };
  let unexplained = 0;
  for (const { tier, passed, failed, errors, skips, seconds } of reports) {
    console.log(
      `${tier.padEnd(12)} ${passed} passed, ${failed + errors} failed, ${skips.length} skipped, ${seconds} s`,
    );
    const reasons = new Map();
    for (const { name, reason } of skips) {
      if (reason === undefined) unexplained++;
      const key = reason ?? `NO REASON GIVEN: ${name}`;
      reasons.set(key, (reasons.get(key) ?? 0) + 1);
    }
    for (const [reason, count] of reasons) console.log(`${' '.repeat(13)}skipped ${count}: ${reason}`);
    total.passed += passed;
    total.failed += failed + errors;
    total.skipped += skips.length;
  }
  if (passedOn.length > 0) unexplained = 0; // a filter skips what it does not name
  if (unexplained > 0) console.log(`${unexplained} skipped tests do not state what they need.`);
  if (total.passed === 0) console.log('No tests ran.');
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && unexplained === 0 && total.passed > 0;
}

async function main() {
  const stack = new StopStack();
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => controller.abort());
  try {
    await bootstrap({ signal: controller.signal, build: tiers.some((tier) => NEED_BUILD.has(tier)) });
    if (tiers.includes('numerics') || tiers.includes('e2e')) await ensureRealTokenizers({ signal: controller.signal });
    if (tiers.some((tier) => NEED_SERVICES.has(tier))) await ensureS3Server({ signal: controller.signal });
    if (tiers.includes('e2e')) ensureChromium();
    const env = await startServices(stack);
    const reports = [];
    for (const tier of tiers) {
      if (!controller.signal.aborted) reports.push(await runTier(tier, env, controller.signal));
    }
    if (!summarize(reports) || controller.signal.aborted) process.exitCode = 1;
  } finally {
    await stack.stopAll(console.error);
  }
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
