import { pause } from '../support/pause.js';
import { type SeededRandom } from './seeded-random.js';

const INTERVAL_MS = { min: 200, max: 700 };

/** Clients that wait for the same beat go on at the same moment, so that what they send can share passes. */
export class Beat {
  private coming: Promise<void> | null = null;

  constructor(private readonly random: SeededRandom) {}

  /** Resolves with the next beat. */
  next(): Promise<void> {
    this.coming ??= pause(this.random.whole(INTERVAL_MS.min, INTERVAL_MS.max)).then(() => {
      this.coming = null;
    });
    return this.coming;
  }
}
