import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { CHROMIUM, complaintsOf, needsChromium, startBrowser, takePicture, violationsOn } from './support/browser.js';
import { ApiClient } from './support/client.js';
import { TestServer } from './support/server.js';

const [ALICE, OPERATOR] = ['tml-alice', 'tml-operator'];
const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const MAX_FIRST_LOAD_BYTES = 300_000;
const MESSAGES = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi there!' },
];

let server: TestServer;
let alice: ApiClient;

const train = async (name: string): Promise<void> => {
  await alice.forwardBackward({ model_id: name, data: [{ messages: MESSAGES }], train_on: 'assistant' });
  await alice.optimStep(name);
};

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: ALICE, ADMIN_KEYS: OPERATOR } });
  alice = new ApiClient(server.api.url, ALICE);
});

afterAll(() => server.stop());

describe('the files of the console', () => {
  it('are where browsers are sent, and programs are not', async () => {
    const page = await fetch(server.api.url, { headers: BROWSER, redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([302, '/console']);
    expect((await server.api.get('/')).body).toMatchObject({ links: { console: '/console' } });
  });

  it('need no key, allow nothing from elsewhere, and load little', async () => {
    const page = await fetch(`${server.api.url}/console/adapters/any`, { headers: BROWSER });
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
        "form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    const files = [...html.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(2);
    let bytes = html.length;
    for (const file of files) {
      // Not fetch: it would decompress.
      const answer = await fetch(server.api.url + file, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(answer.headers.get('content-encoding'), file).toBe('gzip');
      expect(answer.headers.get('cache-control'), file).toContain('immutable');
      bytes += Number(answer.headers.get('content-length'));
      await answer.arrayBuffer();
    }
    expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES);
  });

  it('are not what is missing', async () => {
    expect((await fetch(`${server.api.url}/console/assets/none.js`)).status).toBe(404);
  });
});

describe('a session', () => {
  const logIn = async (key: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${server.api.url}/console/session`, {
      method: 'POST',
      headers: { 'X-API-Key': key, ...headers },
    });
    await answer.text();
    return { status: answer.status, cookie: answer.headers.get('set-cookie') ?? '' };
  };
  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const answer = await fetch(server.api.url + path, { method, headers });
    const text = await answer.text();
    const body = JSON.parse(text === '' ? '{}' : text) as { error?: { code: string } };
    return body.error?.code ?? answer.status;
  };

  it('is a cookie that scripts and other sites do not get', async () => {
    const { status, cookie } = await logIn(ALICE);
    expect(status).toBe(200);
    expect(cookie).toMatch(
      /^thinker_session=[\w.-]+; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ALICE);
    const behindProxy = await logIn(ALICE, { Origin: server.api.url.replace('http:', 'https:') });
    expect(behindProxy.cookie).toContain('; Secure;');
    expect((await logIn('tml-wrong')).status).toBe(401);
  });

  it('stands for its key, and changes nothing for pages that the browser shows beside the console', async () => {
    const [Cookie = ''] = (await logIn(ALICE)).cookie.split(';');
    const own = { Cookie, 'X-Thinker-Console': '1' };
    expect(await ask('GET', '/adapters', { Cookie })).toBe(200);
    expect(await ask('POST', '/adapters', { Cookie })).toBe('session_header_missing');
    expect(await ask('POST', '/adapters', { ...own, Origin: 'https://elsewhere.example' })).toBe('cross_site_request');
    for (const site of ['same-site', 'cross-site']) {
      expect(await ask('GET', '/adapters', { ...own, 'Sec-Fetch-Site': site })).toBe('cross_site_request');
    }
    expect(await ask('GET', '/admin/adapters', own)).toBe('operators_only');
    expect(await ask('GET', '/adapters', { Cookie: `${Cookie}x` })).toBe('unauthorized');
    expect(await ask('DELETE', '/console/session', own)).toBe(200);
  });

  it('of an operator opens what is for operators', async () => {
    const [Cookie = ''] = (await logIn(OPERATOR)).cookie.split(';');
    expect(await ask('GET', '/admin/adapters', { Cookie })).toBe(200);
  });

  it('ends with its key', async () => {
    const operator = new ApiClient(server.api.url, OPERATOR);
    const { body } = await operator.post<{ secret: string }>('/admin/keys', { name: 'bob' });
    const [Cookie = ''] = (await logIn(body.secret)).cookie.split(';');
    const own = { Cookie, 'X-Thinker-Console': '1' };
    expect(await ask('GET', '/overview', own)).toBe(200);
    expect(await ask('DELETE', '/api/v1/auth/apikey/me', own)).toBeLessThan(300);
    expect(await ask('GET', '/overview', own)).toBe('unauthorized');
  });
});

describe.skipIf(CHROMIUM === undefined)(`the console in a browser${needsChromium}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  const open = (path: string) => page.goto(`${server.api.url}/console${path}`);
  const heading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor();

  /** A page of another browser, logged in with the key. */
  const pageOf = async (key: string) => {
    const other = await browser.newContext();
    await other.request.post(`${server.api.url}/console/session`, { headers: { 'X-API-Key': key } });
    return other.newPage();
  };

  beforeAll(async () => {
    browser = await startBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    complaints = complaintsOf(context);
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
  });

  afterEach(() => expect(complaints).toEqual([]));
  afterAll(() => browser.close());

  it('asks for a key, and refuses a wrong one', async () => {
    await open('/');
    await heading('Log in to Thinker');
    expect(await violationsOn(page)).toEqual([]);
    await takePicture(page, 'login');
    await page.getByLabel('API key').fill('tml-wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('The API key is unknown').waitFor();
    await page.getByLabel('API key').fill(ALICE);
    await page.keyboard.press('Enter');
    await heading('Overview');
    await page.getByText('What is yours').waitFor();
    await page.getByRole('region', { name: 'Workers' }).getByText('onnxruntime').waitFor();
  });

  it('draws the curves of an adapter, and each step as it is made', async () => {
    await train('moving');
    await open('/adapters');
    await page.getByLabel('Search adapters').fill('MOV');
    await page.getByRole('link', { name: 'moving' }).click();
    const loss = page.getByRole('img', { name: /^Loss per token/ });
    await loss.and(page.getByLabel(/; 1 points\.$/)).waitFor();
    await train('moving');
    await loss.and(page.getByLabel(/; 2 points\.$/)).waitFor();
    await page.getByRole('img', { name: /^Gradient norm: .*; 2 points\.$/ }).waitFor();
    expect((await alice.get('/adapters/moving/metrics')).body).toMatchObject({
      steps: [1, 2],
      every: 1,
      total_steps: 2,
    });
  });

  it('goes back to an earlier step, and forks another adapter off', async () => {
    await open('/adapters/moving?tab=history');
    const first = page.getByRole('row').filter({ hasText: 'Optim step' }).last();
    await first.getByRole('button', { name: 'Fork' }).click();
    await page.getByLabel('Name of the new adapter').fill('moving-fork');
    await page.getByRole('dialog').getByRole('button', { name: 'Fork' }).click();
    await heading('moving-fork');
    await open('/adapters/moving?tab=history');
    await first.getByRole('button', { name: 'Rewind' }).click();
    await page.getByRole('button', { name: 'Rewind to step 1' }).click();
    await page.getByRole('cell', { name: 'Undone' }).first().waitFor();
    await page.getByRole('link', { name: 'Curves' }).click();
    await page.getByRole('img', { name: /^Loss per token: .*; 1 points\.$/ }).waitFor();
  });

  it('writes the answers of base model and adapter while they are sampled, with the log-prob of each token', async () => {
    await open('/playground?adapter=moving');
    await page.getByLabel('Temperature').fill('0');
    await page.getByLabel('Tokens').fill('24');
    await page.getByLabel('Message', { exact: true }).fill('Hello');
    const [streamed] = await Promise.all([
      page.waitForResponse(`${server.api.url}/generate`),
      page.getByRole('button', { name: 'Send' }).click(),
    ]);
    expect(streamed.headers()['content-type']).toContain('text/event-stream');
    const answer = page.getByRole('group', { name: 'Answer of moving' });
    await page
      .getByText(/^Mean log-prob -?\d/)
      .nth(1)
      .waitFor();
    const { text } = await alice.generate({
      model_id: 'moving',
      messages: MESSAGES.slice(0, 1),
      max_new_tokens: 24,
      temperature: 0,
    });
    expect(await answer.textContent()).toBe(text);
    await answer.locator('.token').first().hover();
    await page.getByText(/: log-prob -?\d+\.\d+, probability \d+\.\d %$/).waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await takePicture(page, 'playground-answers');
  });

  it('uploads files that are dropped or chosen, names the lines at fault, and finds, loads and deletes them', async () => {
    await open('/files');
    await page.getByText('No files yet').waitFor();
    const row = JSON.stringify({ messages: MESSAGES });
    const network = await context.newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 300_000,
    });
    const chosen = page.getByLabel('Training data');
    await chosen.setInputFiles({
      name: 'chats.jsonl',
      mimeType: 'text/plain',
      buffer: Buffer.from(`${row}\n`.repeat(1000)),
    });
    const progress = page.getByRole('progressbar', { name: 'Upload of chats.jsonl' });
    await waitFor('an upload that is half done', async () => {
      const share = Number(await progress.getAttribute('value'));
      return share > 0 && share < 1;
    });
    await page.getByRole('status').getByText('chats.jsonl is uploaded').waitFor();
    await network.detach();
    await chosen.setInputFiles({ name: 'bad.jsonl', mimeType: 'text/plain', buffer: Buffer.from(`${row}\n{"a": 1}`) });
    await page.getByRole('alert').getByText('line 2').waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await takePicture(page, 'files-fault');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    const two = JSON.stringify(`${row}\n${row}`);
    const dropped = await page.evaluateHandle<unknown>(
      `(() => { const all = new DataTransfer(); all.items.add(new File([${two}], 'two.jsonl')); return all; })()`,
    );
    await page.getByText('Drop training data here').dispatchEvent('drop', { dataTransfer: dropped });
    await page.getByRole('row').filter({ hasText: 'two.jsonl' }).getByText('Processed').waitFor();
    await page.getByLabel('Search files').fill('CHATS');
    await page.getByRole('cell', { name: 'two.jsonl' }).waitFor({ state: 'detached' });
    const large = page.getByRole('row').filter({ hasText: 'chats.jsonl' });
    const [download] = await Promise.all([page.waitForEvent('download'), large.getByRole('link').click()]);
    expect(download.suggestedFilename()).toBe('chats.jsonl');
    expect(readFileSync(await download.path(), 'utf8')).toBe(`${row}\n`.repeat(1000));
    await large.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No such files').waitFor();
    const { body } = await alice.get<{ data: { filename: string }[] }>('/v1/files');
    expect(body.data.map(({ filename }) => filename)).toEqual(['two.jsonl']);
  });

  it('shows what an alias stands for and was promoted on, and rolls it back', async () => {
    await alice.put('/aliases/live', { target: 'base' });
    const { body: files } = await alice.get<{ data: { id: string }[] }>('/v1/files');
    const promotion = { target: 'moving', eval: { file: files.data[0]?.id, tolerance: 100 } };
    const { body: promoted } = await alice.post<{ eval: { loss: number } }>('/aliases/live/promote', promotion);
    await open('/aliases');
    const loss = String(Number(promoted.eval.loss.toPrecision(4)));
    await page.getByRole('row').filter({ hasText: 'Promoted' }).getByText(loss, { exact: true }).waitFor();
    await page.getByRole('link', { name: 'live' }).click();
    await page.getByRole('row').filter({ hasText: 'Promoted' }).getByText('2 rows').waitFor();
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('as in version 1').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('cell', { name: 'Rolled back' }).waitFor();
    expect((await alice.get('/aliases/live')).body).toMatchObject({ version: 3, change: 'rolled_back' });
    const again = page.getByRole('button', { name: 'Roll back', description: 'There is no earlier target.' });
    await again.and(page.locator('[aria-disabled=true]')).waitFor();
  });

  it('samples base model, an earlier step and adapter with one seed, on a prompt that was captured', async () => {
    const messages = [{ role: 'user', content: 'Where is Oslo?' }];
    const saved = { model_id: 'moving', name: 'early' };
    const { path } = await alice.run<{ path: string }>('/save_weights_for_sampler', saved);
    await train('moving');
    await alice.put('/v1/captures/settings', { enabled: true });
    await alice.generate({ model_id: 'moving', messages, max_new_tokens: 2 });
    await alice.put('/v1/captures/settings', { enabled: false });
    await waitFor('the capture', async () => {
      const { body } = await alice.get<{ captures: unknown[] }>('/v1/captures');
      return body.captures.length === 1;
    });
    await open('/adapters/moving?tab=samples');
    await page.getByLabel('Prompt', { exact: true }).selectOption({ label: 'Captured: Where is Oslo?' });
    await page.getByLabel('Earlier checkpoint').selectOption(path);
    await page.getByLabel('Tokens').fill('16');
    await page.getByRole('button', { name: 'Send' }).click();
    const complete = page.getByText(/^Mean log-prob -?\d/);
    await complete.nth(2).waitFor();
    const seed = (await page.getByText('with seed').textContent())?.replaceAll(/\D/g, '');
    for (const model of ['tiny-chat', path, 'moving']) {
      const { text } = await alice.generate({
        model_id: model,
        messages,
        max_new_tokens: 16,
        temperature: 0.7,
        seed,
      });
      expect(await page.getByRole('group', { name: `Answer of ${model}`, exact: true }).textContent()).toBe(text);
    }
    expect(await violationsOn(page)).toEqual([]);
    await takePicture(page, 'samples-answers');
  });

  it('offers the prompts that the job of an adapter validated on', async () => {
    const { body: files } = await alice.get<{ data: { id: string }[] }>('/v1/files');
    const file = files.data[0]?.id;
    const order = { model: 'base', training_file: file, validation_file: file, hyperparameters: { n_epochs: 1 } };
    const { body: job } = await alice.post<{ id: string }>('/v1/fine_tuning/jobs', order);
    let name: string | null = null;
    await waitFor('the model of the job', async () => {
      const { body } = await alice.get<{ fine_tuned_model: string | null }>(`/v1/fine_tuning/jobs/${job.id}`);
      name = body.fine_tuned_model;
      return name !== null;
    });
    await open(`/adapters/${encodeURIComponent(name ?? '')}?tab=samples`);
    await page.getByLabel('Prompt', { exact: true }).selectOption('0');
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('Hello');
    await page.getByRole('option', { name: 'Validation: Hello' }).nth(1).waitFor({ state: 'attached' });
  });

  it('shows the life of an operation, and tries a formula', async () => {
    await open('/operations?kind=optim_step&model=moving');
    await page.getByRole('link', { name: 'Optim step' }).first().click();
    await page.getByText('Operations of the model around it').waitFor();
    await page.getByText('waited').first().waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await takePicture(page, 'operation');
    await open('/losses');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByRole('status').getByText('4.45', { exact: true }).waitFor();
    await page.getByLabel('Definition').fill('{"name": "mine", "loss": "sum(target_logprob)"}');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('alert').getByText('target_logprobs').waitFor();
  });

  it('is accessible in both themes and on a phone', async () => {
    for (const [colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 860 });
      for (const [name, [path, sign]] of Object.entries(PAGES)) {
        await open(path);
        await page.getByText(sign).first().waitFor();
        const where = `${name}-${colorScheme}-${width}`;
        expect(await violationsOn(page), where).toEqual([]);
        const isWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        expect(isWide, `${where} has to be scrolled sideways`).toBe(false);
        await takePicture(page, where);
      }
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('is not all that is looked at: Swagger UI works with the session', async () => {
    await page.goto(`${server.api.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    await takePicture(page, 'swagger-ui');
  });

  it('shows operators the memory of workers on every machine, and of their ranks', async () => {
    const gpu = { heldBytes: 20 * 2 ** 30, totalBytes: 80 * 2 ** 30 };
    const ranks = [{ rank: 0, host: 'gpu-2', processBytes: 3 * 2 ** 30, gpu }];
    await server.database.query(
      `INSERT INTO workers (id, hostname, pid, engine, device, max_rank, base_models, lock_key, heartbeat_at, memory)
       SELECT 'worker_elsewhere', 'gpu-1', 1, 'torch', 'cuda', max_rank, base_models, 0, now() + interval '1 hour',
              jsonb_set(memory, '{ranks}', $1) FROM workers`,
      [JSON.stringify(ranks)],
    );
    const seen = await pageOf(OPERATOR);
    await seen.goto(`${server.api.url}/console`);
    const workers = seen.getByRole('region', { name: 'Workers' });
    await workers.getByText('Rank 0 on gpu-2 3.2 GB, GPU 21.5 GB of 85.9 GB').waitFor();
    expect(await workers.getByText(/^\d+ MB [\d.]+ GB of [\d.]+ GB free$/).count()).toBe(2);
    expect(await violationsOn(seen)).toEqual([]);
    await takePicture(seen, 'overview-operator');
    await seen.context().close();
    const { body } = await alice.get<{ workers: { memory: unknown }[] }>('/overview');
    expect(body.workers.map(({ memory }) => memory)).toEqual([null, null]);
    await server.database.query(`DELETE FROM workers WHERE id = 'worker_elsewhere'`);
  });

  it('disables what a key may not do, and says why', async () => {
    const operator = new ApiClient(server.api.url, OPERATOR);
    const { body } = await operator.post<{ secret: string }>('/admin/keys', { name: 'reader', scopes: ['read'] });
    const read = await pageOf(body.secret);
    await read.goto(`${server.api.url}/console/files`);
    await read.getByText('This key lacks the scope “train”. Files can be looked at').waitFor();
    const choose = read.getByRole('button', { name: 'Choose files', description: 'This key lacks the scope “train”.' });
    await choose.and(read.locator('[aria-disabled=true]')).waitFor();
    expect(await violationsOn(read)).toEqual([]);
    await read.context().close();
  });

  it('forgets who was there', async () => {
    await open('/');
    await page.getByRole('button', { name: 'Log out' }).click();
    await heading('Log in to Thinker');
    await waitFor('a browser without cookies', async () => (await context.cookies()).length === 0);
  });
});

const LOOKS = [
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
] as const;

/** A text that is there once the page shows its data. */
const PAGES: Readonly<Record<string, readonly [string, string]>> = {
  overview: ['/', 'Tokens per second'],
  adapters: ['/adapters', 'moving-fork'],
  adapter: ['/adapters/moving', 'Gradient norm'],
  history: ['/adapters/moving?tab=history', 'Create adapter'],
  checkpoints: ['/adapters/moving?tab=checkpoints', 'early'],
  compare: ['/compare?adapters=moving,moving-fork', 'Gradient norm'],
  playground: ['/playground', 'Base model'],
  operations: ['/operations', 'Accepted'],
  samples: ['/adapters/moving?tab=samples', 'Now, step'],
  jobs: ['/jobs', 'Succeeded'],
  aliases: ['/aliases', 'Rolled back'],
  alias: ['/aliases/live', 'Loss before'],
  files: ['/files', 'two.jsonl'],
  'all-checkpoints': ['/checkpoints', 'tinker://moving/sampler_weights/early'],
  losses: ['/losses', 'cross_entropy'],
  usage: ['/usage', 'Tokens per hour'],
};
