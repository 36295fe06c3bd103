/** The measurements as a Markdown table, on stdout and in RESULTS.md between its two markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resultsFile } from './paths.mjs';

const HEAD = [
  'benchmark',
  'ours: median (best)',
  'reference',
  'reference: median (best)',
  'result',
  'result of best runs',
  'target',
  'met',
];

/** `machine` = pairs of label and value, `rows` = results of compare(), `facts` = sentences. */
export function toMarkdown({ machine, rows, facts }) {
  return [toList(machine.map(toSentence)), toTable(HEAD, rows.map(toCells)), toList(facts)].join('\n\n');
}

export const toSentence = ([label, value]) => `${label}: ${value}`;

export const toList = (lines) => lines.map((text) => `- ${text}`).join('\n');

/** A Markdown table as prettier would write it; `rows` are lists of texts. */
export function toTable(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function toCells(row) {
  const { name, unit, ours, other, versus, figure, value, valueOfBest, target, met } = row;
  return [
    name,
    `${number(ours.median)} (${number(ours.best)}) ${unit}`,
    versus,
    `${number(other.median)} (${number(other.best)}) ${unit}`,
    withFigure(value, figure),
    withFigure(valueOfBest, figure),
    toTarget(target),
    met === null ? '' : met ? 'yes' : 'no',
  ];
}

function toTarget(target) {
  if (target === null) return '';
  return target.atMost === undefined ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

const number = (value) => value.toFixed(value < 100 ? 1 : 0);

function withFigure(value, figure) {
  if (figure === 'added') return `${value >= 0 ? '+' : ''}${value.toFixed(1)} ms`;
  return figure === 'times' ? `${value.toFixed(1)} times` : value.toFixed(2);
}

/** Replaces what the last run of `command` wrote between its two markers; the text around it is written by hand. */
export function writeResults(command, markdown) {
  const [begin, end] = ['begin', 'end'].map((edge) => `<!-- written by ${command}: ${edge} -->`);
  const [before, , after] = readFileSync(resultsFile, 'utf8').split(new RegExp(`${begin}|(?=${end})`));
  if (after === undefined) throw new Error(`${resultsFile} lacks the markers between which ${command} writes.`);
  writeFileSync(resultsFile, `${before}${begin}\n\n${markdown}\n\n${after}`);
}
