/** No scrape waits longer for one of its sources. */
const TIMEOUT_MS = 1000;

/**
 * A value that is read at most every few seconds, however many ask. Null while its source fails or takes too long: what
 * is unknown is left out of the metrics, and the scrape goes on.
 */
export class KeptReading<T> {
  private latest: Promise<T | null> | null = null;
  private startedAt = 0;
  private isUnderWay = false;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly keptMs: number,
  ) {}

  async value(): Promise<T | null> {
    const isOld = performance.now() - this.startedAt > this.keptMs;
    if (this.latest === null || (isOld && !this.isUnderWay)) this.latest = this.start();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), TIMEOUT_MS)));
    return Promise.race([this.latest, late]).finally(() => clearTimeout(timer));
  }

  private async start(): Promise<T | null> {
    this.startedAt = performance.now();
    this.isUnderWay = true;
    try {
      return await this.read();
    } catch {
      return null;
    } finally {
      this.isUnderWay = false;
    }
  }
}
