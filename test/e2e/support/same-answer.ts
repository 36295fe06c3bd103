/** How much of an answer has to be that of another version. */
export interface Sameness {
  /** The machine computes the same bits as the one that made the expected answer. */
  readonly bits: boolean;
  /** Ids of requests are those of the expected answer. */
  readonly requestIds: boolean;
  /** So are texts for people. */
  readonly messages: boolean;
}

/**
 * Another processor or engine adds in another order. Log-probs of the small model then differ by about 1e-6, and Adam,
 * which amplifies small differences, keeps them below 1e-4 over the few steps taken here. TensorFlow.js stays within it
 * on data that ONNX Runtime made.
 */
const TOLERANCE = 1e-4;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Who did the work, and in how many attempts. */
const INCIDENTAL = new Set(['worker_id', 'attempts']);
const OF_BITS = new Set(['digest', 'diverged_at_step']);
const OF_PEOPLE = new Set(['message', 'remedy', 'description']);

/** Where `actual` is not what `expected` says, a line for each difference. What `actual` has beyond it is new and fine. */
export function differences(expected: unknown, actual: unknown, sameness: Sameness, path = '$'): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [told(path, expected, actual)];
    return expected.flatMap((one, i) => differences(one, actual[i], sameness, `${path}[${i}]`));
  }
  if (isRecord(expected)) {
    if (!isRecord(actual)) return [told(path, expected, actual)];
    return Object.entries(expected).flatMap(([name, value]) =>
      isIncidental(name, value, sameness) ? [] : differences(value, actual[name], sameness, `${path}.${name}`),
    );
  }
  return isSame(expected, actual, sameness) ? [] : [told(path, expected, actual)];
}

function isIncidental(name: string, value: unknown, { bits, requestIds, messages }: Sameness): boolean {
  if (INCIDENTAL.has(name)) return true;
  if (!bits && OF_BITS.has(name)) return true;
  if (!requestIds && name === 'request_id') return true;
  // The Tinker routes answer a failure with its text as `error`.
  return !messages && (OF_PEOPLE.has(name) || (name === 'error' && typeof value === 'string'));
}

function isSame(expected: unknown, actual: unknown, { bits }: Sameness): boolean {
  if (typeof expected === 'string' && TIME.test(expected)) return typeof actual === 'string' && TIME.test(actual);
  if (bits || typeof expected !== 'number' || typeof actual !== 'number' || Number.isInteger(expected)) {
    return expected === actual;
  }
  return Math.abs(expected - actual) <= TOLERANCE * Math.max(1, Math.abs(expected));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function told(path: string, expected: unknown, actual: unknown): string {
  const shown = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
  return `${path} is ${shown(actual)}, was ${shown(expected)}`;
}
