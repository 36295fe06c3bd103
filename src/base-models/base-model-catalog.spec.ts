import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubStandIn } from '../../test/support/servers/hub-stand-in.js';
import { NotFoundError } from '../common/errors/request.errors.js';
import { modelParameters } from '../compute/models/model-parameters.js';
import { encodeSafetensors, type TensorToWrite } from '../formats/safetensors.js';
import { BaseModelCatalog, type CatalogOptions, DEFAULT_BASE_MODEL } from './base-model-catalog.js';
import { parseHfConfig } from './model-config/hf-config.js';

const tokenizer = fileURLToPath(new URL('../../test/fixtures/tokenizers/byte-level', import.meta.url));
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  hidden_size: 4,
  intermediate_size: 4,
  max_position_embeddings: 16,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  tie_word_embeddings: true,
  vocab_size: 420,
};

let root: string;
const logged: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'catalog-'));
  logged.length = 0;
  await writeModel('tiny-chat');
});
afterEach(() => rm(root, { recursive: true }));

/** A whole model of zeros in a folder of this name. */
async function writeModel(name: string, changes: object = {}): Promise<string> {
  const folder = join(root, name);
  const config = { ...CONFIG, ...changes };
  await mkdir(folder, { recursive: true });
  await cp(tokenizer, folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = new Map<string, TensorToWrite>();
  for (const [parameter, shape] of modelParameters(parseHfConfig(config, name))) {
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(parameter, { dtype: 'BF16', shape, data: new Uint16Array(count) });
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
  return folder;
}

/** Nothing listens there: port 9 is not to be used. */
const NO_HUB = 'http://127.0.0.1:9';

const load = (entries: string[], options: Partial<CatalogOptions> = {}) =>
  BaseModelCatalog.load({
    entries,
    backend: 'local',
    hub: { endpoint: NO_HUB, token: '', home: join(root, 'home') },
    weights: true,
    bundledFolder: join(root, 'tiny-chat'),
    log: (message) => logged.push(message),
    ...options,
  });

async function withHub<T>(repo: string, folder: string, use: (endpoint: string) => Promise<T>): Promise<T> {
  const names = await readdir(folder);
  const contents = await Promise.all(
    names.map(async (name): Promise<[string, Uint8Array]> => [name, await readFile(join(folder, name))]),
  );
  const hub = new HubStandIn(repo, new Map(contents));
  try {
    return await use(await hub.start());
  } finally {
    await hub.stop();
  }
}

describe('BaseModelCatalog', () => {
  it('offers local folders by their names, the first as the default', async () => {
    const catalog = await load([await writeModel('one'), `${await writeModel('two', { num_hidden_layers: 2 })}/`]);
    expect(catalog.list().map(({ name }) => name)).toEqual(['one', 'two']);
    expect(catalog.default().name).toBe('one');
    expect(catalog.get('two')).toMatchObject({ folder: join(root, 'two'), config: { layerCount: 2 } });
    expect(await catalog.get('two').tokenizer.encode('a')).toHaveLength(1);
  });

  it('names the known models when an unknown one is asked for', async () => {
    const catalog = await load([join(root, 'tiny-chat')]);
    expect(() => catalog.get('gpt-9')).toThrow(NotFoundError);
    expect(() => catalog.get('gpt-9')).toThrow(
      expect.objectContaining({ details: { remedy: 'Use one of: tiny-chat.' } }),
    );
  });

  it('fetches a model from the hub under its id', async () => {
    const folder = await writeModel('remote');
    const repo = 'owner/remote';
    const hubOf = (endpoint: string) => ({ endpoint, token: '', home: join(root, 'home') });
    const catalog = await withHub(repo, folder, (endpoint) => load([repo], { hub: hubOf(endpoint) }));
    expect(catalog.default().name).toBe(repo);
    expect(await readdir(catalog.default().folder)).toContain('model.safetensors');
  });

  it('takes the bundled model when the hub does not give the default, and says so', async () => {
    const catalog = await load([DEFAULT_BASE_MODEL]);
    expect(catalog.default().name).toBe('tiny-chat');
    expect(logged).toEqual([expect.stringMatching(/cannot be reached: .*Using the bundled model tiny-chat instead/)]);
  });

  it('does not start without a model that was asked for', async () => {
    await expect(load(['owner/other'])).rejects.toMatchObject({ code: 'hub_unreachable' });
    const folder = await writeModel('gelu');
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...CONFIG, hidden_act: 'gelu' }));
    await expect(load([folder])).rejects.toThrow("Base model 'gelu' cannot be loaded: its activation (hidden_act) is");
  });

  it('needs no weights where nobody computes', async () => {
    const folder = await writeModel('api');
    await rm(join(folder, 'model.safetensors'));
    await expect(load([folder])).rejects.toThrow(/neither model\.safetensors nor/);
    expect((await load([folder], { weights: false })).default().name).toBe('api');
  });

  it.each<[string, () => Promise<string[]>, RegExp]>([
    [
      'two models of one name',
      async () => [await writeModel('a/x'), await writeModel('b/x')],
      /two models with the name 'x'/,
    ],
    [
      'what is neither folder nor id',
      () => Promise.resolve(['./no/such/folder']),
      /neither a folder with a config\.json/,
    ],
    ['a path trick', () => Promise.resolve(['owner/..']), /neither a folder/],
    ['no model', () => Promise.resolve([]), /BASE_MODELS is empty/],
  ])('refuses %s', async (_, entries, message) => {
    await expect(load(await entries())).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(message) as string,
    });
  });

  it('takes a tokenizer with more tokens than the model, and says which ids are refused', async () => {
    const folder = await writeModel('small', { vocab_size: 419 });
    const lines: string[] = [];
    const catalog = await load([folder], { log: (line) => lines.push(line) });
    expect(catalog.default().tokenizer.vocabSize).toBe(420);
    expect(lines.join('\n')).toMatch(
      /tokens without embeddings: requests that contain ids from 419 \(its vocab_size\) to 419/,
    );
  });
});
