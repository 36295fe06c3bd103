import { type JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { precise } from '../lib/format.js';
import { useTheme } from '../lib/theme.js';

export interface Curve {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** What the curves are over: steps, or seconds since 1970. */
  readonly x: readonly number[];
  readonly curves: readonly Curve[];
  readonly isTime?: boolean;
  /** Pixels. */
  readonly height?: number;
  readonly format?: (value: number) => string;
  readonly xName?: string;
  /** The axis begins at 0. */
  readonly fromZero?: boolean;
}

const COLOURS = ['--curve-1', '--curve-2', '--curve-3', '--curve-4'];
/** Curves over time begin with this much room. */
const MIN_TIME_S = 180;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Curves over one axis, with the values under the pointer (or the last ones) in their legend. */
export function Chart(props: ChartProps): JSX.Element {
  const { title, x, curves, isTime = false, format = precise, xName = 'Step' } = props;
  const [theme] = useTheme();
  const [index, setIndex] = useState<number | null>(null);
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const data = useMemo<UPlot.AlignedData>(
    // One moment alone has no scale.
    () =>
      isTime && x.length === 1
        ? [[(x[0] ?? 0) - MIN_TIME_S, x[0] ?? 0], ...curves.map(({ values }) => [null, values[0]])]
        : [[...x], ...curves.map(({ values }) => [...values])],
    [x, ...curves.map(({ values }) => values)],
  );
  const names = curves.map(({ label }) => label).join('\n');
  useEffect(() => {
    const box = container.current;
    if (box === null) return;
    const made = new UPlot(options(props, box.clientWidth, setIndex), data, box);
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: made.height }));
    sizes.observe(box);
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, [theme, names, isTime]);
  useEffect(() => plot.current?.setData(data), [data]);
  const shown = index ?? x.length - 1;
  const at = x[shown];
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="legend">
          {curves.map(({ label, values }, i) => (
            <span key={label} class={`legend-item curve-${i + 1}`}>
              {curves.length > 1 && <span class="legend-name">{label}</span>}
              <b>{valueText(values[shown], format)}</b>
            </span>
          ))}
          {at !== undefined && <span class="faint">{isTime ? clockOf(at) : `${xName} ${at}`}</span>}
        </span>
      </figcaption>
      <div ref={container} class="plot" role="img" aria-label={summary(title, x, curves, format)} />
    </figure>
  );
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function clockOf(time: number): string {
  return new Date(time * 1000).toLocaleTimeString('en-GB');
}

/** What a reader who cannot see the curves should know of them. */
function summary(
  title: string,
  x: readonly number[],
  curves: readonly Curve[],
  format: (value: number) => string,
): string {
  const parts = curves.map(({ label, values }) => {
    const numbers = values.filter((value) => value !== null);
    const [first, last] = [numbers[0], numbers.at(-1)];
    return first === undefined || last === undefined ? label : `${label} from ${format(first)} to ${format(last)}`;
  });
  return `${title}: ${parts.join(', ')}; ${x.length} points.`;
}

function options(props: ChartProps, width: number, onIndex: (index: number | null) => void): UPlot.Options {
  const { curves, isTime = false, height = 190, format = precise, fromZero = false } = props;
  const axis: UPlot.Axis = {
    stroke: token('--text-2'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
    scales: {
      x: {
        time: isTime,
        range: (_, min, max) => (isTime ? [Math.min(min, max - MIN_TIME_S), max] : stepsOf(min, max)),
      },
      y: { range: (_, min, max) => rangeOf(fromZero ? 0 : min, max) },
    },
    axes: [
      { ...axis, size: 26, grid: { show: false }, values: (_, splits) => splits.map(isTime ? minuteOf : wholeOnly) },
      { ...axis, size: 46, gap: 8, values: (_: UPlot, splits: number[]) => splits.map((value) => format(value)) },
    ],
    series: [
      {},
      ...curves.map(({ label }, i) => ({
        label,
        stroke: token(COLOURS[i % COLOURS.length] ?? ''),
        width: 1.75,
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onIndex(cursor.idx ?? null)] },
  };
}

/** One step is a range as well. */
function stepsOf(min: number, max: number): [number, number] {
  return min === max ? [min - 1, max + 1] : [min, max];
}

function minuteOf(time: number): string {
  return time % 60 === 0 ? new Date(time * 1000).toLocaleTimeString('en-GB', { timeStyle: 'short' }) : '';
}

function wholeOnly(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}

/** A little air above and below; a flat line lies in the middle. */
function rangeOf(min: number, max: number): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const air = max === min ? Math.abs(max) * 0.1 || 1 : (max - min) * 0.08;
  return [min === 0 ? 0 : min - air, max + air];
}
