import { type SeededRandom } from './seeded-random.js';

/** What makes adapters leave the memory of workers while clients train them, and come back. */
export interface Pressure {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

const PRESSURES: readonly Pressure[] = [
  { name: 'room for all adapters', env: {} },
  { name: 'room for one adapter', env: { ADAPTER_MEMORY_MB: '1' } },
  { name: 'room for a second', env: { ADAPTER_IDLE_S: '1' } },
];

export function drawPressure(random: SeededRandom): Pressure {
  return random.pick(PRESSURES);
}
