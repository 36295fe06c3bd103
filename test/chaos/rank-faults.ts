import { pause } from '../support/pause.js';
import { waitFor } from '../support/wait-for.js';
import { busyWorker, type FaultKind, type Target } from './faults.js';
import { isThere, ranksOf, signalled } from './processes.js';

/** Shorter than a rank may be silent. */
const PAUSE_MS = 1500;
const START_MS = 30_000;
/** A rank that stands still is noticed in its time of silence, unless it stopped before it had connected. */
const HALT_MS = 15_000;

/** What may happen to the torch ranks of a worker, which lives on. */
export const RANK_FAULTS: readonly FaultKind[] = [
  { name: 'kill rank', strike: killRank, mayOverlap: true },
  { name: 'halt rank', strike: haltRank, mayOverlap: true },
  { name: 'pause rank', strike: pauseRank, mayOverlap: true },
  { name: 'kill all ranks', strike: killAllRanks, mayOverlap: true },
];

async function killRank(target: Target): Promise<boolean> {
  const rank = await busyRank(target);
  return rank !== null && signalled(rank, 'SIGKILL');
}

async function killAllRanks(target: Target): Promise<boolean> {
  return (await busyRanks(target)).filter((pid) => signalled(pid, 'SIGKILL')).length > 0;
}

/** It says nothing more, though its connection is there; its worker replaces it together with the others. */
async function haltRank(target: Target): Promise<boolean> {
  const rank = await busyRank(target);
  if (rank === null || !signalled(rank, 'SIGSTOP')) return false;
  const timeout = HALT_MS * target.cluster.patience;
  await waitFor('the end of a rank that stands still', () => !isThere(rank), { timeout }).catch(() => undefined);
  const ended = !isThere(rank);
  if (!ended) signalled(rank, 'SIGCONT');
  return ended;
}

/** The others wait for it, and nothing is replaced. */
async function pauseRank(target: Target): Promise<boolean> {
  const rank = await busyRank(target);
  if (rank === null || !signalled(rank, 'SIGSTOP')) return false;
  await pause(PAUSE_MS);
  return signalled(rank, 'SIGCONT');
}

async function busyRank(target: Target): Promise<number | null> {
  const ranks = await busyRanks(target);
  return ranks.length === 0 ? null : target.random.pick(ranks);
}

/** Of the worker that has begun the latest operation; none when it does not get any soon. */
async function busyRanks(target: Target): Promise<number[]> {
  let ranks: number[] = [];
  const arrived = async () => (ranks = ranksOf((await busyWorker(target)).pid)).length > 0;
  await waitFor('ranks of a worker', arrived, { timeout: START_MS * target.cluster.patience }).catch(() => undefined);
  return ranks;
}
