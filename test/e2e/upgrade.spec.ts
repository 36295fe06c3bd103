import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ApiClient } from './support/client.js';
import { type Exchange, type RecordedFuture, ReleaseData, type Repeat } from './support/release-data.js';
import { differences } from './support/same-answer.js';
import { TestServer } from './support/server.js';

/*
 * What a release has left behind goes on with this version: its database is migrated, its checkpoints are read, what it
 * accepted and did not run is run, and adapters are rebuilt from its log. scripts/release-data/make-release-data.mjs made it; all
 * expected answers are the release's own.
 */
const RELEASES = path.join(import.meta.dirname, '..', 'fixtures', 'releases');
const STILL_WAITING = [202, 408];

const states = [
  ['as it was left', () => undefined],
  ['without the snapshots of its adapters, all but first states', loseSnapshots],
] as const;

/** Only a first state (position 0) cannot come from the log: an import's files are nowhere else. */
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
  'the data of release $release, $state',
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
          prepare(folder);
        },
      });
      for (const future of futures) answers.set(future, await answerOf(future));
      const ofBase = futures.find(({ answer: { body } }) => body['model_id'] === 'small-model')!;
      bits =
        differences(ofBase.answer, answers.get(ofBase), { bits: true, requestIds: true, messages: true }).length === 0;
    });

    afterAll(() => server.stop());

    it('has the answers that were given, and runs what was accepted', () => {
      const found = futures.flatMap((future) => {
        const sameness = { bits: bits || future.settled, requestIds: true, messages: future.settled };
        return differences(future.answer, answers.get(future), sameness, `${future.path} ${future.request_id}`);
      });
      expect(found).toEqual([]);
    });

    it('lists adapters with their history, checkpoints, sessions, samplers, losses and owners', async () => {
      const read = async ({ key, method, path: route, body, answer }: Exchange) => {
        const actual = method === 'GET' ? await clientOf(key).get(route) : await clientOf(key).post(route, body);
        return differences(answer, actual, { bits, requestIds: true, messages: false }, route);
      };
      expect((await Promise.all(reads.map(read))).flat()).toEqual([]);
    });

    it('knows the requests that are repeated', async () => {
      const repeat = async ({ key, path: route, body, answer }: Repeat) => {
        const actual = await clientOf(key).post(route, body);
        return differences(answer, actual.body, { bits: true, requestIds: true, messages: true }, route);
      };
      expect((await Promise.all(repeats.map(repeat))).flat()).toEqual([]);
    });

    it('scores, samples, trains, rewinds, loads and forks on', async () => {
      const found: string[] = [];
      for (const { key, path: route, body, waits, answer } of probes) {
        const sent = await clientOf(key).post<{ request_id: string }>(route, body);
        const actual = waits && sent.status < 400 ? await answerOf({ key, path: route, ...sent.body }) : sent;
        found.push(...differences(answer, actual, { bits, requestIds: false, messages: false }, route));
      }
      expect(found).toEqual([]);
    });

    it('gives the same states where it is run again, if the machine computes the same bits', () => {
      expect(bits && server.log.includes('has diverged')).toBe(false);
    });
  },
);
