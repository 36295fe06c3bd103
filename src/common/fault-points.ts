import { existsSync } from 'node:fs';

/**
 * Points at which a test can make this process die or stand still, as a crash of the machine or a paused virtual
 * machine would: just there, without a chance to tidy up. Nothing happens unless FAULT_AT names a point. Each one stands
 * between two writes that must survive its death apart from each other; test/chaos aims at all of them.
 */
export const FAULT_POINTS = [
  /** API: the request's row is committed, its job is not in the queue. */
  'request-inserted',
  /** Worker: it owns an adapter, and what the last holder left running is not back in the queue. */
  'lease-written',
  /** Worker: it owns work that another one may have left behind, and has not begun. */
  'adapter-leased',
  /** Worker: the row says "running", nothing has run. */
  'operation-claimed',
  /** Worker: the operation took effect in memory, its result is stored nowhere. */
  'result-computed',
  /** Worker: the result is stored, nobody in the process knows yet. */
  'result-written',
  /** Worker: the files of a snapshot are there, no row names them. */
  'snapshot-renamed',
  /** The same for a checkpoint. */
  'checkpoint-renamed',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Fails as a write on a full disk does while a test has put the file `flag` there, for where no small disk can be mounted. */
export function failWhileFull(flag: string): void {
  if (!existsSync(flag)) return;
  throw Object.assign(new Error('ENOSPC: no space left on device (planted by a test)'), { code: 'ENOSPC' });
}

/** What is to happen when a point is reached for the `nth` time. */
export interface Fault {
  readonly point: FaultPoint;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly nth: number;
}

const FAULT = /^([a-z-]+)(?::(kill|stop))?(?:@([1-9]\d{0,8}))?$/;

/** Reads `<point>[:kill|:stop][@n]`; kill at the first time where nothing else is said. */
export function parseFault(text: string): Fault {
  const [, name, action, nth] = FAULT.exec(text) ?? [];
  const point = FAULT_POINTS.find((known) => known === name);
  if (point === undefined) {
    throw new Error(`must be <point>[:kill|:stop][@<n>] with one of the points ${FAULT_POINTS.join(', ')}`);
  }
  return { point, signal: action === 'stop' ? 'SIGSTOP' : 'SIGKILL', nth: Number(nth ?? 1) };
}

/** Several, separated by commas; none for an empty text. */
export function parseFaults(text: string): Fault[] {
  return text === '' ? [] : text.split(',').map((one) => parseFault(one.trim()));
}

export class FaultPoints {
  /** How often each point has been reached. Counted only where faults are planned. */
  private readonly reached = new Map<FaultPoint, number>();

  constructor(
    private readonly faults: readonly Fault[] = [],
    private readonly raise: (signal: Fault['signal']) => void = (signal) => process.kill(process.pid, signal),
  ) {}

  reach(point: FaultPoint): void {
    if (this.faults.length === 0) return;
    const count = (this.reached.get(point) ?? 0) + 1;
    this.reached.set(point, count);
    const fault = this.faults.find((planned) => planned.point === point && planned.nth === count);
    if (fault !== undefined) this.raise(fault.signal);
  }
}
