import { pause } from './pause.js';

const STEP_MS = 20;

/** Waits until the condition holds; throws at the deadline, saying what did not come. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  options: { timeout: number } = { timeout: 20_000 },
): Promise<void> {
  const deadline = performance.now() + options.timeout;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${options.timeout} ms`);
    await pause(STEP_MS);
  }
}

/** A promise that is settled from outside. */
export class Gate {
  readonly passed: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.passed = new Promise((resolve) => (this.open = resolve));
  }
}
