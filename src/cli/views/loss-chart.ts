import plot from 'simple-ascii-chart';
import { formatNumber } from './format.js';

export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

const MAX_WIDTH = 72;
const HEIGHT = 10;
/** What the axis with its numbers takes. */
const AXIS = 12;

/** Draws a loss over the steps; nothing for less than two points. */
export function lossChart(points: readonly LossPoint[], columns: number): string {
  const width = Math.max(Math.min(columns - AXIS, MAX_WIDTH), 20);
  const shown = thin(
    points.filter(({ loss }) => Number.isFinite(loss)),
    width,
  );
  if (shown.length < 2) return '';
  const line = shown.map(({ step, loss }): [number, number] => [step, loss]);
  return plot(line, {
    width,
    height: HEIGHT,
    title: `loss by step, to step ${shown.at(-1)?.step ?? 0}`,
    hideXAxisTicks: true,
    formatter: (value, { axis }) => (axis === 'x' ? Math.round(value) : formatNumber(value)),
  }).trimEnd();
}

/** As many points as columns: each the mean of those that it stands for. */
function thin(points: readonly LossPoint[], count: number): LossPoint[] {
  if (points.length <= count) return [...points];
  return Array.from({ length: count }, (_, i) => {
    const part = points.slice(Math.floor((i * points.length) / count), Math.floor(((i + 1) * points.length) / count));
    const mean = part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    return { step: part.at(-1)?.step ?? 0, loss: mean };
  });
}
