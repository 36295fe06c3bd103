import { DistributionCounter } from '../../domain/distribution.js';
import { type EngineTimes } from '../compute-backend.js';

/** From a step of a toy model to a pass that fills a machine. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const COMPANY = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const TOKENS = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

/** Measures what the engine does: a few additions for each of its calls. */
export class WorkMeter {
  private readonly passSeconds = new DistributionCounter(SECONDS);
  private readonly passTokens = new DistributionCounter(TOKENS);
  private readonly passAdapters = new DistributionCounter(COMPANY);
  private readonly decodeStepSeconds = new DistributionCounter(SECONDS);
  private readonly decodeStepGenerations = new DistributionCounter(COMPANY);
  private readonly optimizerStepSeconds = new DistributionCounter(SECONDS);

  get times(): EngineTimes {
    return {
      passSeconds: this.passSeconds.distribution,
      passTokens: this.passTokens.distribution,
      passAdapters: this.passAdapters.distribution,
      decodeStepSeconds: this.decodeStepSeconds.distribution,
      decodeStepGenerations: this.decodeStepGenerations.distribution,
      optimizerStepSeconds: this.optimizerStepSeconds.distribution,
    };
  }

  /** Measures a pass of this number of adapters and tokens, even one that fails. */
  async pass(adapters: number, tokens: number, work: () => Promise<void>): Promise<void> {
    this.passAdapters.add(adapters);
    this.passTokens.add(tokens);
    return measured(this.passSeconds, work);
  }

  decodeStep<T>(generations: number, work: () => Promise<T>): Promise<T> {
    this.decodeStepGenerations.add(generations);
    return measured(this.decodeStepSeconds, work);
  }

  /** @param charge is given the milliseconds that it took */
  optimizerStep<T>(work: () => Promise<T>, charge: (ms: number) => void): Promise<T> {
    return measured(this.optimizerStepSeconds, work, charge);
  }
}

/** Times of an engine that has done nothing. */
export const NO_TIMES: EngineTimes = new WorkMeter().times;

async function measured<T>(
  seconds: DistributionCounter,
  work: () => Promise<T>,
  charge: (ms: number) => void = () => undefined,
): Promise<T> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    const elapsed = performance.now() - began;
    seconds.add(elapsed / 1000);
    charge(elapsed);
  }
}
