import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ApiClient } from './support/client.js';
import { type Exchange, type RecordedFuture, ReleaseData, type Repeat } from './support/release-data.js';
import { differences } from './support/same-answer.js';
import { TestServer } from './support/server.js';

/*
 * This version must continue where a release stopped: it migrates the database, reads the checkpoints, runs the pending
 * operations, and rebuilds adapters from the log of that release. All expected answers are those of the release itself;
 * scripts/release-data/make-release-data.mjs recorded them.
 */
const RELEASES = path.join(import.meta.dirname, '..', 'fixtures', 'releases');
const STILL_WAITING = [202, 408];

const MIGRATE = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'migrate-cli.js');

/** What is done to the folder and the database before this version starts on them. */
type Prepare = (folder: string, databaseUrl: string) => void;

const states: readonly (readonly [string, Prepare])[] = [
  ['as it was left', () => undefined],
  ['migrated beforehand, and without state snapshots but the imported ones', migrateAndLoseSnapshots],
];

/** As an upgrade on Kubernetes does; a process that starts afterwards finds nothing to migrate. */
function migrateAndLoseSnapshots(folder: string, databaseUrl: string): void {
  const env = { PATH: process.env['PATH'] ?? '', DATABASE_URL: databaseUrl, NO_COLOR: '1' };
  const printed = execFileSync(process.execPath, [MIGRATE], { env, encoding: 'utf8' });
  expect(printed).toMatch(/Ran migration/);
  expect(execFileSync(process.execPath, [MIGRATE], { env, encoding: 'utf8' })).not.toMatch(/Ran migration/);
  loseSnapshots(folder);
}

/** Deletes all state snapshots but those at position 0: the weights of an import are nowhere else, so no replay makes them. */
function loseSnapshots(folder: string): void {
  const root = path.join(folder, 'checkpoints', 'state');
  const snapshots = readdirSync(root).flatMap((adapter) =>
    readdirSync(path.join(root, adapter)).map((name) => path.join(root, adapter, name)),
  );
  const lost = snapshots.filter((snapshot) => !path.basename(snapshot).startsWith('0-'));
  expect(lost.length).toBeGreaterThan(0);
  for (const snapshot of lost) rmSync(snapshot, { recursive: true });
}

const releases = readdirSync(RELEASES).filter((name) => name !== 'README.md');

describe.each(releases.flatMap((release) => states.map(([state, prepare]) => ({ release, state, prepare }))))(
  'the data folder and database of release $release, $state',
  ({ release, prepare }) => {
    const data = new ReleaseData(path.join(RELEASES, release));
    const { futures, repeats, reads, probes, keys, settings } = data.recorded;
    let server: TestServer;
    const answers = new Map<RecordedFuture, Answer>();
    /** Whether this machine computes the bits that the one did that made the data: a bare base model tells. */
    let bits = false;

    const clientOf = (key: string) => new ApiClient(server.api.url, keys[key]);

    /** The settled answer of a future, by the dialect of the route that it came from. */
    async function answerOf({ key, path: route, request_id }: Pick<RecordedFuture, 'key' | 'path' | 'request_id'>) {
      const retrieve = route.startsWith('/api/v1/') ? '/api/v1/retrieve_future' : '/retrieve_future';
      for (;;) {
        const answer = await clientOf(key).post(retrieve, { request_id });
        if (!STILL_WAITING.includes(answer.status)) return answer;
      }
    }

    beforeAll(async () => {
      server = await TestServer.start({
        baseModels: [data.baseModel],
        env: settings,
        prepare: async (database, folder) => {
          await data.restore(database.url, folder);
          prepare(folder, database.url);
        },
      });
      for (const future of futures) answers.set(future, await answerOf(future));
      const ofBase = futures.find(({ answer: { body } }) => body['model_id'] === 'small-model')!;
      bits =
        differences(ofBase.answer, answers.get(ofBase), { bits: true, requestIds: true, messages: true }).length === 0;
    });

    afterAll(() => server.stop());

    it('keep the answers of settled operations, and the pending ones complete as in the release', () => {
      const found = futures.flatMap((future) => {
        const sameness = { bits: bits || future.settled, requestIds: true, messages: future.settled };
        return differences(future.answer, answers.get(future), sameness, `${future.path} ${future.request_id}`);
      });
      expect(found).toEqual([]);
    });

    it('list the same adapters, histories, checkpoints, sessions, samplers, losses and owners', async () => {
      const read = async ({ key, method, path: route, body, answer }: Exchange) => {
        const actual = method === 'GET' ? await clientOf(key).get(route) : await clientOf(key).post(route, body);
        return differences(answer, actual, { bits, requestIds: true, messages: false }, route);
      };
      expect((await Promise.all(reads.map(read))).flat()).toEqual([]);
    });

    it('find the first request for every repeat', async () => {
      const repeat = async ({ key, path: route, body, answer }: Repeat) => {
        const actual = await clientOf(key).post(route, body);
        return differences(answer, actual.body, { bits: true, requestIds: true, messages: true }, route);
      };
      expect((await Promise.all(repeats.map(repeat))).flat()).toEqual([]);
    });

    it('continue to score, sample, train, rewind, load and fork', async () => {
      const found: string[] = [];
      for (const { key, path: route, body, waits, answer } of probes) {
        const sent = await clientOf(key).post<{ request_id: string }>(route, body);
        const actual = waits && sent.status < 400 ? await answerOf({ key, path: route, ...sent.body }) : sent;
        found.push(...differences(answer, actual, { bits, requestIds: false, messages: false }, route));
      }
      expect(found).toEqual([]);
    });

    it('lead to the same states by replay, where the machine computes the same bits', async () => {
      const { body } = await clientOf('ops').get<{ adapters: { diverged_at_step: number | null }[] }>(
        '/admin/adapters',
      );
      expect(body.adapters.length).toBeGreaterThan(0);
      expect(bits ? body.adapters.filter((adapter) => adapter.diverged_at_step !== null) : []).toEqual([]);
    });
  },
);
