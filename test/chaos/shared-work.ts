import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What workers have said at their start and end about the work that clients shared. */
export interface SharedWork {
  /** Of the engines: exact, rounding or off. */
  readonly batching: readonly string[];
  readonly passes: number;
  readonly passRequests: number;
  readonly steps: number;
  readonly stepRequests: number;
}

const START = /is ready, batching (\w+)/g;
const END = /made (\d+) passes for (\d+) requests and (\d+) steps for (\d+) requests/g;

/** Reads the logs of all workers; those that were killed have told nothing at their end. */
export function sharedWork(folder: string): SharedWork {
  const names = readdirSync(folder).filter((name) => /^worker-.*\.log$/.test(name));
  const text = names.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('\n');
  const ends = [...text.matchAll(END)].map((match) => match.slice(1).map(Number));
  const sum = (column: number) => ends.reduce((total, counts) => total + counts[column]!, 0);
  return {
    batching: [...new Set([...text.matchAll(START)].map((match) => match[1]!))],
    passes: sum(0),
    passRequests: sum(1),
    steps: sum(2),
    stepRequests: sum(3),
  };
}

/** Where engines batch, the numbers are only worth comparing if clients did share passes and steps. */
export function missingShares({ batching, passes, passRequests, steps, stepRequests }: SharedWork): string[] {
  if (!batching.includes('exact')) return [];
  return [
    ...(passRequests > passes ? [] : [`no pass was shared: ${passes} passes for ${passRequests} requests`]),
    ...(stepRequests > steps ? [] : [`no step was shared: ${steps} steps for ${stepRequests} requests`]),
  ];
}
