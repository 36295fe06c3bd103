/**
 * A vitest reporter that counts one tier for scripts/test.mjs: passed, failed and skipped tests, each skip with its
 * reason. It writes JSON to the file named in TIER_REPORT; the usual output is another reporter's work.
 */
import { writeFileSync } from 'node:fs';

/** A skip gives its reason in its note, or in a name that says what the test needs or what is not there. */
export function skipReason(fullName, note) {
  if (note) return note;
  return /\b(?:needs? |not (?:available|built|found|installed))[^()>]*/.exec(fullName)?.[0].trim();
}

export default class TierReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const report = { passed: 0, failed: 0, skips: [], errors: unhandledErrors.length };
    for (const module of testModules) {
      // A file that does not load has no tests that could fail, and still is a failure.
      report.errors += module.errors().length;
      for (const suite of module.children.allSuites()) report.errors += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') report.passed++;
        else if (state === 'failed') report.failed++;
        else report.skips.push({ name: test.fullName, reason: skipReason(test.fullName, note) });
      }
    }
    writeFileSync(process.env.TIER_REPORT, JSON.stringify(report));
  }
}
