import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { etagOf, HubStandIn } from '../../../test/support/servers/hub-stand-in.js';
import { fetchModel, type HubOptions, type HubProgress } from './hub-download.js';

const REPO = 'owner/model-1';
const text = (content: string) => new Uint8Array(Buffer.from(content));
const large = new Uint8Array(3_000_000).map((_, i) => (i * 2_654_435_761) >>> 11);

let home: string;
let hub: HubStandIn;
let endpoint: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hub-'));
  hub = new HubStandIn(
    REPO,
    new Map([
      ['.gitattributes', text('x')],
      ['README.md', text('x')],
      ['config.json', text('{"a":1}')],
      ['generation_config.json', text('{}')],
      ['model.safetensors', large],
      ['onnx/model.onnx', text('x')],
      ['pytorch_model.bin', text('x')],
      ['tokenizer.json', text('{"t":1}')],
    ]),
  );
  endpoint = await hub.start();
});
afterEach(async () => {
  await hub.stop();
  await rm(home, { recursive: true });
});

const fetched = (options: Partial<HubOptions> = {}) =>
  fetchModel(REPO, { endpoint, token: '', home, weights: true, ...options });
const repoFolder = () => join(home, 'hub', 'models--owner--model-1');
const blobs = () => readdir(join(repoFolder(), 'blobs'));

describe('fetchModel', () => {
  it('fetches only what is needed, into the layout of the Hugging Face cache', async () => {
    const folder = await fetched();
    expect(folder).toBe(join(repoFolder(), 'snapshots', hub.commit));
    const names = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json'];
    expect((await readdir(folder)).sort()).toEqual(names);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
    expect((await lstat(join(folder, 'config.json'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(repoFolder(), 'refs', 'main'), 'utf8')).toBe(hub.commit);
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  it('needs no network for what is cached', async () => {
    const folder = await fetched();
    await hub.stop();
    const asked = hub.requests.length;
    expect(await fetched()).toBe(folder);
    expect(hub.requests.length).toBe(asked);
    await hub.start();
  });

  it('leaves the weights out where nobody computes, and fetches only them later', async () => {
    const folder = await fetched({ weights: false });
    expect(await readdir(folder)).not.toContain('model.safetensors');
    await fetched();
    expect(hub.downloads('config.json')).toEqual([undefined]);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
  });

  it('fetches the shards that the index names', async () => {
    hub.files.delete('model.safetensors');
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const index = { weight_map: { a: shards[0], b: shards[1], c: shards[0] } };
    hub.files.set('model.safetensors.index.json', text(JSON.stringify(index)));
    for (const shard of shards) hub.files.set(shard, text(shard));
    const folder = await fetched();
    expect(await readFile(join(folder, shards[1]!), 'utf8')).toBe(shards[1]);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['model.safetensors.index.json', ...shards]));
  });

  it('sends the token', async () => {
    await fetched({ token: 'hf_secret' });
    expect(hub.requests.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
  });

  it('reports progress in bytes up to the end', async () => {
    const seen: HubProgress[] = [];
    await fetched({ onProgress: (progress) => seen.push(progress) });
    const total = large.length + text('{"a":1}{}{"t":1}').length;
    expect(seen.at(-1)).toEqual({ file: 'model.safetensors', doneBytes: total, totalBytes: total });
    expect(seen.map(({ doneBytes }) => doneBytes)).toEqual(
      seen.map(({ doneBytes }) => doneBytes).sort((a, b) => a - b),
    );
  });
});

describe('a download that breaks off', () => {
  it('goes on where it stopped', async () => {
    hub.faults.set('model.safetensors', { after: 1_000_000, silent: false });
    const folder = await fetched();
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
    const [first, second] = hub.downloads('model.safetensors');
    expect(first).toBeUndefined();
    expect(second).toMatch(/^bytes=[1-9]\d*-2999999$/);
  });

  it('goes on at the next start', async () => {
    await fetched({ weights: false });
    await writeFile(join(repoFolder(), 'blobs', `${etagOf(large)}.incomplete`), large.subarray(0, 2_000_000));
    const folder = await fetched();
    expect(hub.downloads('model.safetensors')).toEqual(['bytes=2000000-2999999']);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
  });

  it('goes on from what huggingface_hub or a killed process has left, the longest of it', async () => {
    await fetched({ weights: false });
    const oid = etagOf(large);
    await writeFile(join(repoFolder(), 'blobs', `${oid}.0badcafe.incomplete`), large.subarray(0, 1_000_000));
    await writeFile(join(repoFolder(), 'blobs', `${oid}.1badcafe.incomplete`), large.subarray(0, 10));
    await fetched();
    expect(hub.downloads('model.safetensors')).toEqual(['bytes=1000000-2999999']);
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  it('begins anew when what was left has wrong bytes', async () => {
    await fetched({ weights: false });
    await writeFile(join(repoFolder(), 'blobs', `${etagOf(large)}.0.incomplete`), large.toReversed().subarray(0, 9));
    const folder = await fetched();
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
    expect(hub.downloads('model.safetensors')).toHaveLength(2);
  });

  it('is tried again when it goes silent', async () => {
    hub.faults.set('model.safetensors', { after: 500_000, silent: true });
    const folder = await fetched({ stallTimeoutMs: 100 });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(large)).toBe(true);
  });

  it('never becomes a model when its bytes are wrong', async () => {
    hub.damaged.add('model.safetensors');
    await expect(fetched()).rejects.toMatchObject({
      code: 'hub_refused',
      message: expect.stringMatching(/the downloaded model\.safetensors is damaged/) as string,
    });
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
    hub.damaged.clear();
    await fetched();
  });
});

describe('a file that lies in the cache damaged', () => {
  const blobOf = (bytes: Uint8Array) => join(repoFolder(), 'blobs', etagOf(bytes));

  it.each([
    ['tokenizer.json', 'doubled', (bytes: Uint8Array) => Buffer.concat([bytes, bytes])],
    ['tokenizer.json', 'changed', (bytes: Uint8Array) => bytes.toReversed()],
    ['model.safetensors', 'cut off', (bytes: Uint8Array) => bytes.subarray(0, 1_000_000)],
    ['model.safetensors', 'changed', (bytes: Uint8Array) => bytes.toReversed()],
  ])('is fetched again: %s %s', async (name, _, damage) => {
    const folder = await fetched();
    const bytes = hub.files.get(name)!;
    await writeFile(blobOf(bytes), damage(bytes));
    const noticed: string[] = [];
    expect(await fetched({ onNotice: (message) => noticed.push(message) })).toBe(folder);
    expect((await readFile(join(folder, name))).equals(bytes)).toBe(true);
    expect(noticed).toEqual([`The cached ${name} of ${REPO} is damaged; downloading it again`]);
    expect(hub.downloads(name)).toHaveLength(2);
    expect(hub.downloads('config.json')).toHaveLength(1);
  });

  it('keeps its commit, although the branch has moved', async () => {
    const folder = await fetched();
    const { commit } = hub;
    await writeFile(blobOf(hub.files.get('tokenizer.json')!), 'damaged');
    hub.moved = 'd'.repeat(40);
    expect(await fetched()).toBe(folder);
    expect(await readFile(join(repoFolder(), 'refs', 'main'), 'utf8')).toBe(commit);
  });

  it('is named when the hub cannot be reached, and so is the model', async () => {
    await fetched();
    await writeFile(blobOf(hub.files.get('tokenizer.json')!), 'damaged');
    hub.status = 503;
    await expect(fetched()).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringMatching(
        /^Base model 'owner\/model-1' .*it returned status 503; .*tokenizer\.json/,
      ) as string,
    });
  });
});

describe('a model that another tool has begun to fetch', () => {
  /** As huggingface_hub leaves it: the reference first, the files one by one, and no word of ours. */
  async function begin(names: readonly string[]): Promise<void> {
    await mkdir(join(repoFolder(), 'refs'), { recursive: true });
    await mkdir(join(repoFolder(), 'blobs'));
    await mkdir(join(repoFolder(), 'snapshots', hub.commit), { recursive: true });
    await writeFile(join(repoFolder(), 'refs', 'main'), hub.commit);
    for (const name of names) {
      const etag = etagOf(hub.files.get(name)!);
      await writeFile(join(repoFolder(), 'blobs', etag), hub.files.get(name)!);
      await symlink(join('..', '..', 'blobs', etag), join(repoFolder(), 'snapshots', hub.commit, name));
    }
  }

  it('is completed, though what must be there is', async () => {
    await begin(['config.json', 'tokenizer.json', 'model.safetensors']);
    const folder = await fetched();
    expect(await readdir(folder)).toContain('generation_config.json');
    expect(hub.downloads('model.safetensors')).toEqual([]);
  });

  it('is taken as it is where the hub cannot be reached', async () => {
    await begin(['config.json', 'tokenizer.json', 'model.safetensors']);
    hub.status = 503;
    expect(await fetched()).toBe(join(repoFolder(), 'snapshots', hub.commit));
  });
});

describe('a hub that does not give the model', () => {
  it.each([
    ['unknown', 404, 'hub_refused', /no such repository/],
    ['private or gated', 401, 'hub_refused', /unknown, private or gated \(401\)/],
    ['forbidden', 403, 'hub_refused', /\(403\)/],
    ['broken', 503, 'hub_unreachable', /it returned status 503/],
    ['busy', 429, 'hub_unreachable', /it returned status 429/],
  ])('%s', async (_, status, code, message) => {
    hub.status = status;
    await expect(fetched()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('says how to get a private model', async () => {
    hub.status = 401;
    await expect(fetched()).rejects.toMatchObject({
      details: { remedy: expect.stringContaining('HF_TOKEN') as string },
    });
    await expect(fetched({ token: 'secret' })).rejects.toMatchObject({
      message: expect.stringMatching(/HF_TOKEN.* must start with hf_/) as string,
    });
  });

  it('lacks safetensors', async () => {
    hub.files.delete('model.safetensors');
    await expect(fetched()).rejects.toMatchObject({
      code: 'hub_refused',
      message: expect.stringMatching(/only PyTorch \.bin weights/) as string,
    });
    hub.files.delete('pytorch_model.bin');
    await expect(fetched()).rejects.toMatchObject({
      message: expect.stringMatching(/has no model\.safetensors/) as string,
    });
    hub.files.delete('config.json');
    await expect(fetched()).rejects.toMatchObject({ message: expect.stringMatching(/has no config\.json/) as string });
  });

  it('does not answer', async () => {
    hub.hangs = true;
    const refused = {
      code: 'hub_unreachable',
      status: 503,
      message: expect.stringMatching(/did not respond in time/) as string,
    };
    await expect(fetched({ connectTimeoutMs: 50 })).rejects.toMatchObject(refused);
  });

  it('is not there', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    await expect(fetched({ endpoint: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringMatching(/ECONNREFUSED/) as string,
    });
  });

  it('has a commit that is not a hash, so that no path is made of it', async () => {
    Object.assign(hub, { commit: '../../evil' });
    await expect(fetched()).rejects.toMatchObject({ code: 'hub_refused' });
  });
});
