const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const PLAIN = new Intl.NumberFormat('en');

/** 1234567 -> 1.2M */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** 1234567 -> 1,234,567 */
export function plain(value: number): string {
  return PLAIN.format(value);
}

/** 1 -> 1 row, 1000 -> 1,000 rows */
export function counted(value: number, noun: string): string {
  return `${plain(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Four digits that matter. */
export function precise(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  if (value < 172_800) return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
  return `${Math.floor(value / 86_400)} days`;
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function megabytes(value: number): string {
  return bytes(value * 2 ** 20);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

/** As in "3 min. ago". */
export function ago(time: string | number, now = Date.now()): string {
  let distance = (new Date(time).getTime() - now) / 1000;
  if (Math.abs(distance) < 5) return 'just now';
  for (const [unit, size] of STEPS) {
    if (Math.abs(distance) < size) return RELATIVE.format(Math.round(distance), unit);
    distance /= size;
  }
  return '';
}

export function clock(time: string | number): string {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** forward_backward -> Forward backward */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
