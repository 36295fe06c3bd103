import path from 'node:path';
import { pause } from '../support/pause.js';
import { waitFor } from '../support/wait-for.js';
import { Beat } from './beat.js';
import { audit, finalDigests, stepDigests } from './audit.js';
import { type ChaosBackend } from './chaos-backend.js';
import { compareAnswers, compareDigests } from './compare.js';
import { RootDialect, TinkerDialect } from './dialect.js';
import { FaultInjector } from './fault-injector.js';
import { FAULT_KINDS } from './faults.js';
import { makePoison, Poison } from './poison.js';
import { drawPressure } from './pressure.js';
import { ranksLeft } from './processes.js';
import { RetryingClient } from './retrying-client.js';
import { SeededRandom } from './seeded-random.js';
import { ServiceCluster } from './service-cluster.js';
import { missingShares, type SharedWork, sharedWork } from './shared-work.js';
import { makeSmallModel } from './small-model.js';
import { Trainer } from './trainer.js';
import { TrainingPlan } from './training-plan.js';

const CLIENTS = ['ada', 'bob', 'cleo', 'dan', 'eve', 'fay'];
const WORKERS = 2;
/** Clients go on for so long after the last fault, so that workers that restarted have had work in company. */
const CALM_MS = 2500;
/** A poisoned request takes four workers down; it is worth that in runs of at least this number of faults. */
const FAULTS_WITH_POISON = 20;
const SETTLE_MS = 60_000;
/** A rank whose worker is gone notices it at once, unless it is loading torch. */
const RANK_END_MS = 15_000;

export interface ChaosOptions {
  readonly backend: ChaosBackend;
  readonly faults: number;
  readonly seed: string;
  readonly folder: string;
  readonly log: (line: string) => void;
}

export interface ChaosReport {
  readonly struck: ReadonlyMap<string, number>;
  readonly missed: ReadonlyMap<string, number>;
  readonly requests: number;
  readonly repeated: number;
  readonly restarts: number;
  readonly steps: number;
  /** What clients have had done, branches included, by kind. */
  readonly operations: ReadonlyMap<string, number>;
  readonly shared: SharedWork;
  /** How much room workers had for adapters. */
  readonly room: string;
  /** What must not be: each line says where. */
  readonly findings: readonly string[];
}

/**
 * Lets clients train and sample while faults strike, then the same clients without faults, and compares. Every number that
 * a client was given, and the weights and moments at the end, must be the same bit for bit. In the first run clients send
 * at the same moments and share passes and steps, in the second one every request runs alone.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { backend, folder, log } = options;
  const model = makeSmallModel(path.join(folder, 'small-model'));
  const disturbed = await disturbedRun(options, model);
  const { report, trainers, digests } = disturbed;
  const shared = sharedWork(path.join(folder, 'disturbed'));
  const families = trainers.flatMap((trainer) => trainer.family());
  log(`${report.requests} requests in ${report.steps} steps; the same again without faults`);
  const left = await ranksLeft(`CHAOS_FOLDER=${path.join(folder, 'disturbed')}`, RANK_END_MS * backend.patience);
  const reference = await undisturbedRun(options, model, trainers);
  const findings = [
    ...report.findings,
    ...left,
    ...missingShares(shared),
    ...compareAnswers(families, reference.families),
    ...compareDigests(digests, reference.digests),
  ];
  return { ...report, shared, findings };
}

async function disturbedRun({ backend, faults, seed, folder, log }: ChaosOptions, model: string) {
  const random = new SeededRandom(`details ${seed}`);
  const order = new SeededRandom(`faults ${seed}`);
  const { name: room, env } = drawPressure(new SeededRandom(`pressure ${seed}`));
  log(`workers have ${room}`);
  const plugins = { LOSS_PLUGINS: makePoison(path.join(folder, 'losses')) };
  const options = { folder: path.join(folder, 'disturbed'), model, workers: WORKERS, backend, random };
  const cluster = await ServiceCluster.start({ ...options, env: { ...env, ...plugins } });
  try {
    const client = new RetryingClient(cluster.url);
    const trainers = makeTrainers(client, seed, model);
    const kinds = [backend.ownFaults, FAULT_KINDS].filter((list) => list.length > 0);
    const injector = new FaultInjector({ cluster, random }, kinds, order, trainers, () => client.nextAcceptance(), log);
    const poison = new Poison(client, order.pick(trainers));
    let over = false;
    const beat = new Beat(random);
    const training = Promise.all(
      trainers.map((trainer) =>
        trainer.run(
          () => !over,
          () => beat.next(),
        ),
      ),
    );
    const striking = injector.strike(faults, faults < FAULTS_WITH_POISON ? null : poison);
    const calm = striking.then(() => pause(CALM_MS * backend.patience)).finally(() => (over = true));
    await Promise.all([training, calm]);
    await settled(cluster);
    const { struck, missed } = injector;
    const { accepted: requests, repeated } = client;
    const families = trainers.flatMap((trainer) => trainer.family());
    const steps = families.reduce((sum, trainer) => sum + trainer.steps, 0);
    const findings = await audit(cluster, families, poison.requestIds);
    const counts = { struck, missed, requests, repeated, restarts: cluster.restarts, steps };
    const report = { ...counts, operations: countOperations(families), room, findings };
    return { report, trainers, digests: await allDigests(cluster, families) };
  } finally {
    await cluster.stop();
  }
}

/** As many steps of the same plans, on one worker that nothing happens to and that runs every request alone. */
async function undisturbedRun({ backend, seed, folder }: ChaosOptions, model: string, disturbed: readonly Trainer[]) {
  const random = new SeededRandom('undisturbed');
  const options = { folder: path.join(folder, 'undisturbed'), model, workers: 1, backend, random };
  const cluster = await ServiceCluster.start({ ...options, env: { BATCHING: 'off' } });
  try {
    const trainers = makeTrainers(new RetryingClient(cluster.url), seed, model);
    const steps = disturbed.map((trainer) => trainer.steps);
    await Promise.all(
      trainers.map((trainer, i) =>
        trainer.run(
          () => trainer.steps < (steps[i] ?? 0),
          async () => undefined,
        ),
      ),
    );
    const families = trainers.flatMap((trainer) => trainer.family());
    return { families, digests: await allDigests(cluster, families) };
  } finally {
    await cluster.stop();
  }
}

function countOperations(trainers: readonly Trainer[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of trainers.flatMap(({ records }) => records)) {
    const kind = label.slice(label.indexOf(': ') + 2);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

async function allDigests(cluster: ServiceCluster, trainers: readonly Trainer[]): Promise<Map<string, string>> {
  return new Map([...(await stepDigests(cluster, trainers)), ...(await finalDigests(cluster, trainers))]);
}

/** The last one speaks the Tinker API, the others the service's own. */
function makeTrainers(client: RetryingClient, seed: string, model: string): Trainer[] {
  return CLIENTS.map((name, i) => {
    const random = new SeededRandom(`client ${name} ${seed}`);
    const loraSeed = random.whole(0, 1e6);
    const tinker = i === CLIENTS.length - 1;
    const dialect = tinker
      ? new TinkerDialect(client, path.basename(model), loraSeed)
      : new RootDialect(client, name, loraSeed);
    return new Trainer(name, dialect, new TrainingPlan(random));
  });
}

/** Requests whose answer nobody waits for (the first of two that were sent) are done as well, and the dead forgotten. */
async function settled(cluster: ServiceCluster): Promise<void> {
  const isQuiet = async () => {
    const rows = await cluster
      .query<{ open: number }>(`SELECT count(*)::int AS open FROM futures WHERE status IN ('pending', 'running')`)
      .catch(() => []);
    return rows[0]?.open === 0;
  };
  await waitFor('the end of all requests', isQuiet, { timeout: SETTLE_MS * cluster.patience });
}
