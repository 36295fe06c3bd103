import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shownMetrics } from '../loss-function.js';
import { builtInLosses } from '../loss-registry.js';
import { loadLosses } from './load-losses.js';
import { lossProblem } from './loss-plugin-checks.js';

/** Stands for `thinker/losses`, which is the built file. */
const API = pathToFileURL(path.resolve('src/losses/plugins/plugin-api.ts')).href;
const TENSOR_API = pathToFileURL(path.resolve('src/losses/plugins/tensor-loss.ts')).href;
const HEAD = `import { Loss, LossFunction, TARGET_TOKENS } from ${JSON.stringify(API)};\n`;

const WEIGHTS = "{ name: 'weights', dtype: 'float', required: false, description: 'x' }";

interface Plugin {
  readonly name?: string;
  readonly metadata?: string;
  readonly body?: string;
}

/** A loss of sum f(l), as the body of a class. */
const sumOf = (value: string, slope: string) => `compute({ data }) {
  let loss = 0;
  for (const l of data) loss += ${value};
  return { loss, dLogprobs: Float64Array.from(data, (l, i) => ${slope}), metrics: {} };
}`;

const withMetrics = (metrics: string) => sumOf('-l', '-1').replace('metrics: {}', `metrics: ${metrics}`);

/** A plugin as the compiler leaves it: decorators are calls. */
function pluginSource({ name = 'mine', metadata = '', body }: Plugin = {}): string {
  const compute = sumOf('-l', '-1');
  const data = `{ name: '${name}', description: 'x', inputs: [TARGET_TOKENS], config: [], ${metadata} }`;
  return `${HEAD}export class Mine extends LossFunction { ${body ?? compute} }\nLoss(${data})(Mine);\n`;
}

describe('loadLosses', () => {
  let folder: string;

  beforeEach(() => {
    mkdirSync('.cache', { recursive: true });
    folder = mkdtempSync(path.resolve('.cache', 'plugins-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (file: string, source: string) => writeFileSync(path.join(folder, file), source);
  const load = () => loadLosses(builtInLosses(), [folder]);

  it('adds the losses of a folder to the built-in ones, in the order of its files', async () => {
    write('b.mjs', pluginSource({ name: 'second' }));
    write('a.mjs', pluginSource({ name: 'first' }));
    write('a.mjs.map', '{}');
    mkdirSync(path.join(folder, 'shared'));
    const losses = await load();
    expect(
      losses
        .list()
        .slice(builtInLosses().length)
        .map(({ name }) => name),
    ).toEqual(['first', 'second']);
  });

  it('takes files that are links, as in a volume made of a ConfigMap, and tells what each file holds', async () => {
    mkdirSync(path.join(folder, '..2026_11_26'));
    symlinkSync('..2026_11_26', path.join(folder, '..data'));
    const source = pluginSource();
    write('..2026_11_26/a.mjs', source);
    symlinkSync('..data/a.mjs', path.join(folder, 'a.mjs'));
    const losses = await load();
    const digest = `sha256:${createHash('sha256').update(source).digest('hex')}`;
    expect(losses.referenceTo('mine')).toEqual({ name: 'mine', plugin: digest });
    expect(losses.referenceTo('ppo')).toEqual({ name: 'ppo' });
    symlinkSync('gone.mjs', path.join(folder, 'b.mjs'));
    await expect(load()).rejects.toThrow(/b\.mjs: the file cannot be read/);
  });

  it('takes a metric that is NaN: a mean of nothing, which results leave out', async () => {
    write('a.mjs', pluginSource({ body: withMetrics('{ mean_x: 0 / 0 }') }));
    expect((await load()).has('mine')).toBe(true);
    expect(shownMetrics({ mean_x: Number.NaN, most: Infinity, one: 1 })).toEqual({ most: Number.MAX_VALUE, one: 1 });
  });

  it('refuses CommonJS by name and says what to do', async () => {
    write('a.mjs', pluginSource());
    write('b.cjs', '');
    await expect(load()).rejects.toThrow(/b\.cjs: a plugin cannot be a CommonJS module\. Compile it as an ES module/);
  });

  it.each([
    ['a file without a loss', `${HEAD}export const nothing = 1;`, /a\.mjs: it does not export a loss\. Export a class/],
    ['a class without @Loss', `${HEAD}export class Mine extends LossFunction {}`, /Mine has no @Loss\({...}\)/],
    ['a loss without compute', pluginSource({ body: '' }), /loss 'mine' has no compute method/],
    [
      'a TensorLoss without loss',
      `import { TensorLoss } from ${JSON.stringify(TENSOR_API)};\nexport class Mine extends TensorLoss {}`,
      /a\.mjs: Mine has no loss method/,
    ],
    ['a name that is none', pluginSource({ name: 'my loss' }), /its name is 'my loss'\. A name starts with a letter/],
    [
      'a name that every object has',
      pluginSource({ name: 'constructor' }),
      /its name is 'constructor'\. A name starts/,
    ],
    ['no description', pluginSource({ metadata: "description: ' '" }), /loss 'mine' has no description/],
    ['no inputs', pluginSource({ metadata: 'inputs: undefined' }), /loss 'mine' has no list of inputs/],
    [
      'inputs without the targets',
      pluginSource({ metadata: 'inputs: []' }),
      /inputs of loss 'mine' do not include TARGET_TOKENS/,
    ],
    [
      'an input of an unknown type',
      pluginSource({ metadata: "inputs: [TARGET_TOKENS, { name: 'w', dtype: 'double', required: true }]" }),
      /input 'w' of loss 'mine' has dtype 'double'/,
    ],
    [
      'an input that is declared twice',
      pluginSource({ metadata: 'inputs: [TARGET_TOKENS, TARGET_TOKENS]' }),
      /input 'target_tokens' of loss 'mine' is declared twice/,
    ],
    [
      'a default that is not a number',
      pluginSource({ metadata: "config: [{ name: 'beta', default: '1' }]" }),
      /default of config key 'beta' of loss 'mine' is '1'; expected a finite number/,
    ],
    [
      'a default outside of its range',
      pluginSource({ metadata: "config: [{ name: 'beta', default: 5, min: 0, max: 1 }]" }),
      /default of config key 'beta' of loss 'mine' is 5, which is not between 0 and 1/,
    ],
    [
      'a sample that is none',
      pluginSource({
        metadata: "inputs: [TARGET_TOKENS, { name: 'w', dtype: 'float', required: true, sample: [NaN] }]",
      }),
      /the sample of input 'w' of loss 'mine' is not a list of finite numbers/,
    ],
    [
      'a slope that is wrong',
      pluginSource({ body: sumOf('l * l', 'i === 3 ? l : 2 * l') }),
      /a\.mjs: the gradient of loss 'mine' is wrong: dLogprobs is (-[\d.]+) at position 0 of datum 1 of a generated batch, but the loss changes by (-[\d.]+) per/,
    ],
    [
      'a part that is held constant without a word',
      pluginSource({ body: sumOf('Math.exp(l) * l', 'Math.exp(l)') }),
      /a stop-gradient\) belong in the surrogate method/,
    ],
    [
      'a mean that is said to be a sum',
      pluginSource({ metadata: 'sumOverDatums: true', body: sumOf('-l / data.length', '-1 / data.length') }),
      /loss 'mine' is not a sum over datums, .* log-prob 0 is -0\.1 in the whole batch, but -0\.2 if only half/,
    ],
    [
      'slopes of the wrong number',
      pluginSource({ body: 'compute() { return { loss: 1, dLogprobs: new Float64Array(1), metrics: {} }; }' }),
      /compute of loss 'mine' does not return a Float64Array of 10 dLogprobs/,
    ],
    [
      'no loss',
      pluginSource({ body: 'compute() { return {}; }' }),
      /compute of loss 'mine' does not return a number as its loss/,
    ],
    ...['null', '[]', 'undefined'].map((metrics): [string, string, RegExp] => [
      `${metrics} as metrics`,
      pluginSource({ body: withMetrics(metrics) }),
      /compute of loss 'mine' does not return an object of metrics; return \{\} if there are none/,
    ]),
    [
      'a metric that is not a number',
      pluginSource({ body: withMetrics("{ a: 'x' }") }),
      /compute of loss 'mine' returns 'x' as metric 'a', which is not a number/,
    ],
    ...['a:b', 'loss', ''].map((name): [string, string, RegExp] => [
      `a metric called '${name}'`,
      pluginSource({ body: withMetrics(`{ '${name}': 1 }`) }),
      new RegExp(`compute of loss 'mine' returns a metric named '${name}'\\. A name starts with a letter`),
    ]),
    [
      'marks for another number of positions',
      pluginSource({ body: `${sumOf('-l', '-1')} activePositions() { return new Uint8Array(3); }` }),
      /activePositions of loss 'mine' does not return a Uint8Array of 10, one per position/,
    ],
    [
      'a slope where nothing counts',
      pluginSource({ metadata: `inputs: [TARGET_TOKENS, ${WEIGHTS}]`, body: sumOf('-l', '-l * 0 - 1') }),
      /loss 'mine' returns NaN instead of 0 as the gradient of a masked log-prob/,
    ],
    [
      'a loss that is infinite whatever it gets',
      pluginSource({ body: sumOf('Math.log(l)', '1 / l') }),
      /loss 'mine' is NaN or infinite on every batch generated from its inputs\. Give them a suitable `sample`/,
    ],
    ['a compute that throws', pluginSource({ body: "compute() { throw new Error('no'); }" }), /a\.mjs: no/],
    ['a constructor that throws', pluginSource({ body: "constructor() { throw new Error('no') }" }), /a\.mjs: no/],
    ['a file that cannot be loaded', "import 'nowhere-to-be-found';", /a\.mjs: it cannot be loaded: /],
    ['the name of a built-in loss', pluginSource({ name: 'ppo' }), /the name 'ppo' is already used by a built-in loss/],
    [
      'the class of another copy of the service',
      'class LossFunction {}\nexport class Mine extends LossFunction {}',
      /Mine extends the LossFunction of another copy of this service\. Make the plugin's node_modules\/thinker a link/,
    ],
  ])('refuses %s', async (_, source, message) => {
    write('a.mjs', source);
    await expect(load()).rejects.toThrow(message);
    await expect(load()).rejects.toMatchObject({ code: 'invalid_loss_plugin', category: 'server' });
  });

  it('takes the numbers that an input gives as its sample, and a surrogate where a part is held constant', async () => {
    const inputs = (sample: string) =>
      `inputs: [TARGET_TOKENS, { name: 'tax', dtype: 'float', required: true, description: 'x' ${sample} }]`;
    const body = `compute({ data }, { tax }) {
      if (tax.data.some((value) => value < 5)) throw new Error('too low a tax');
      return { loss: data.reduce((sum, l) => sum + l * l, 0), dLogprobs: Float64Array.from(data), metrics: {} };
    }
    surrogate({ data }, inputs, config, held) { return data.reduce((sum, l, i) => sum + l * held.data[i], 0); }`;
    write('a.mjs', pluginSource({ body, metadata: inputs('') }));
    write('b.mjs', pluginSource({ body, metadata: inputs(', sample: [5, 7]'), name: 'sampled' }));
    await expect(load()).rejects.toThrow(/a\.mjs: too low a tax/);
    rmSync(path.join(folder, 'a.mjs'));
    expect((await load()).list().at(-1)!.name).toBe('sampled');
  });

  it('refuses two files with one name, naming both', async () => {
    write('a.mjs', pluginSource());
    write('b.mjs', pluginSource());
    await expect(load()).rejects.toThrow(/b\.mjs: the name 'mine' is already used by \S+a\.mjs; rename one/);
  });

  it('refuses a folder without files, and one that is not there', async () => {
    await expect(load()).rejects.toThrow(/the folder contains no \.js or \.mjs file/);
    await expect(loadLosses([], [path.join(folder, 'gone')])).rejects.toThrow(/gone: the folder cannot be read/);
  });
});

describe('lossProblem', () => {
  it('finds nothing wrong with the built-in losses', () => {
    expect(builtInLosses().map(lossProblem)).toEqual(builtInLosses().map(() => null));
  });
});
