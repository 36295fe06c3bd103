/** The measurements as a Markdown table, on stdout and in RESULTS.md between its two markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resultsFile } from './paths.mjs';

const BEGIN = '<!-- written by npm run bench: begin -->';
const END = '<!-- written by npm run bench: end -->';
const HEAD = [
  'measured',
  'ours: median (best)',
  'against',
  'its median (best)',
  'figure',
  'of the bests',
  'target',
  'met',
];

/** `machine` = pairs of label and value, `rows` = results of compare(), `facts` = sentences. */
export function toMarkdown({ machine, rows, facts }) {
  const cells = [HEAD, ...rows.map(toCells)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const table = [line(HEAD), rule, ...cells.slice(1).map(line)];
  const list = (lines) => lines.map((text) => `- ${text}`).join('\n');
  return [list(machine.map(([label, value]) => `${label}: ${value}`)), table.join('\n'), list(facts)].join('\n\n');
}

function toCells(row) {
  const { name, unit, ours, other, versus, figure, value, valueOfBest, target, met } = row;
  const sign = target.atMost === undefined ? '>=' : '<=';
  return [
    name,
    `${number(ours.median)} (${number(ours.best)}) ${unit}`,
    versus,
    `${number(other.median)} (${number(other.best)}) ${unit}`,
    withFigure(value, figure),
    withFigure(valueOfBest, figure),
    `${sign} ${target.atMost ?? target.atLeast}`,
    met ? 'yes' : 'no',
  ];
}

const number = (value) => value.toFixed(value < 100 ? 1 : 0);

function withFigure(value, figure) {
  if (figure === 'added') return `${value >= 0 ? '+' : ''}${value.toFixed(1)} ms`;
  return figure === 'times' ? `${value.toFixed(1)} times` : value.toFixed(2);
}

/** Replaces what the last run wrote; the text around it is written by hand. */
export function writeResults(markdown) {
  const [before, , after] = readFileSync(resultsFile, 'utf8').split(new RegExp(`${BEGIN}|(?=${END})`));
  if (after === undefined) throw new Error(`${resultsFile} lacks the markers between which a run writes.`);
  writeFileSync(resultsFile, `${before}${BEGIN}\n\n${markdown}\n\n${after}`);
}
