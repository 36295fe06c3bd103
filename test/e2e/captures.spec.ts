import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, type ErrorAnswer } from './support/client.js';
import { TestServer } from './support/server.js';

/* Captured requests, feedback on their answers, and the training files that it gives. */

const KEY = 'sk-alice';
const BASE = 'tiny-chat';
const ask = (content: string) => [{ role: 'user' as const, content }];

interface Feedback {
  readonly choice: number;
  readonly thumb: string | null;
  readonly score: number | null;
  readonly correction: string | null;
  readonly note: string | null;
}
interface Capture {
  readonly id: string;
  readonly model: string;
  readonly metadata: object;
  readonly messages: unknown;
  readonly prompt: string | null;
  readonly prompt_tokens: readonly number[];
  readonly answers: readonly {
    readonly text: string;
    readonly tokens: readonly number[];
    readonly logprobs: readonly number[];
  }[];
  readonly feedback: readonly Feedback[];
}
interface Page {
  readonly captures: readonly Capture[];
  readonly next_cursor: string | null;
}
interface MadeFile {
  readonly file_id: string;
  readonly rows: number;
  readonly skipped: Readonly<Record<string, number>>;
}

let server: TestServer;
let api: ApiClient;
let bob: ApiClient;
let client: OpenAI;

beforeAll(async () => {
  server = await TestServer.start({ env: { API_KEYS: `${KEY},sk-bob` } });
  api = new ApiClient(server.api.url, KEY);
  bob = new ApiClient(server.api.url, 'sk-bob');
  client = new OpenAI({ apiKey: KEY, baseURL: `${server.api.url}/v1`, maxRetries: 0 });
});
afterAll(() => server.stop());

const enable = (enabled: boolean) => api.put('/v1/captures/settings', { enabled });
/** As a client of OpenAI's calls routes that its package does not know. */
const captureOf = (id: string) => client.get<Capture>(`/captures/${id}`);
const give = (id: string, body: object) =>
  client.post<Feedback & { capture_id: string }>('/feedback', { body: { id, ...body } });
const chat = (content: string, more: object = {}) =>
  client.chat.completions.create({
    model: BASE,
    messages: ask(content),
    max_tokens: 6,
    temperature: 0,
    ...more,
    stream: false,
  });

describe('captures', () => {
  it('are off until the key asks for them, and say how it does', async () => {
    expect((await api.get('/v1/captures/settings')).body).toEqual({ enabled: false, retention_days: 30 });
    const { id } = await chat('Who are you?');
    await expect(captureOf(id)).rejects.toThrow(NotFoundError);
    await expect(give(id, { thumb: 'up' })).rejects.toThrow(/does not exist/);
    expect((await api.get<Page>('/v1/captures')).body).toEqual({ captures: [], next_cursor: null });
    expect((await enable(true)).body).toEqual({ enabled: true, retention_days: 30 });
    const { id: later } = await chat('Who are you?');
    expect((await captureOf(later)).id).toBe(later.replace('chatcmpl-', ''));
    await enable(false);
    const { id: last } = await chat('Who are you?');
    await expect(captureOf(last)).rejects.toThrow(NotFoundError);
    await enable(true);
  });

  it('hold the tokens and log-probs that the answer itself only shows when asked', async () => {
    const shown = await chat('Tell me a story.', { logprobs: true });
    const hidden = await chat('Tell me a story.', { metadata: { team: 'support', note: 'a:b' } });
    expect(hidden.choices[0]).toMatchObject({ logprobs: null, message: shown.choices[0]!.message });
    const capture = await captureOf(hidden.id);
    const logprobs = shown.choices[0]!.logprobs!.content!.map(({ logprob }) => logprob);
    expect(capture).toMatchObject({
      model: BASE,
      metadata: { team: 'support', note: 'a:b' },
      messages: ask('Tell me a story.'),
      prompt: null,
      answers: [{ text: shown.choices[0]!.message.content }],
      feedback: [],
    });
    expect(capture.prompt_tokens).toHaveLength(hidden.usage!.prompt_tokens);
    expect(capture.answers[0]!.tokens).toHaveLength(capture.answers[0]!.logprobs.length);
    // The end token has a log-prob, too, but is not part of the answer.
    expect(capture.answers[0]!.logprobs.slice(0, logprobs.length)).toEqual(logprobs);
    const score = { model_id: 'base', tokens: [...capture.prompt_tokens], max_new_tokens: 1, temperature: 0 };
    expect((await api.generate(score)).sequences[0]!.tokens[0]).toBe(capture.answers[0]!.tokens[0]);
  });

  it('are made of every dialect, streamed or not', async () => {
    const streamed = client.chat.completions.stream({ model: BASE, messages: ask('Hello'), max_tokens: 4 });
    const { id: streamId } = await streamed.finalChatCompletion();
    expect((await captureOf(streamId)).messages).toEqual(ask('Hello'));
    const text = await client.completions.create({ model: BASE, prompt: 'Once', max_tokens: 4, n: 2 });
    const captured = await captureOf(text.id);
    expect(captured).toMatchObject({ prompt: 'Once', messages: null });
    expect(captured.answers.map((answer) => answer.text)).toEqual(text.choices.map((choice) => choice.text));
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: server.api.url, maxRetries: 0 });
    const message = await anthropic.messages.create({
      model: BASE,
      max_tokens: 4,
      system: 'Be brief.',
      messages: ask('Hello'),
      metadata: { user_id: 'u1' },
    });
    expect(await captureOf(message.id)).toMatchObject({
      metadata: { user_id: 'u1' },
      messages: [{ role: 'system', content: 'Be brief.' }, ...ask('Hello')],
    });
    const generated = await api.generate({ messages: ask('Hi'), max_new_tokens: 3, metadata: { run: '7' } });
    expect(await captureOf(generated.request_id)).toMatchObject({ metadata: { run: '7' }, messages: ask('Hi') });
    // Nobody waits for this one: the service finds its result by itself.
    const { body } = await api.post<{ request_id: string }>('/generate', { tokens: [5, 6], async: true });
    await expect
      .poll(() => captureOf(body.request_id).catch(() => null), { timeout: 15_000, interval: 250 })
      .toMatchObject({ prompt: null, messages: null, prompt_tokens: [5, 6] });
  });

  it('are found by model, metadata, time and feedback, page by page, by their owner alone', async () => {
    const list = async (query: string, by = api) => (await by.get<Page>(`/v1/captures?${query}`)).body;
    const ids = (page: Page) => page.captures.map(({ id }) => id);
    await api.post('/adapters', { model_id: 'mine' });
    const first = await chat('One', { model: 'mine' });
    const second = await chat('Two', { model: 'mine', metadata: { team: 'a' } });
    await give(first.id, { thumb: 'up' });
    const [one, two] = [first.id.slice(9), second.id.slice(9)];
    expect(ids(await list('model=mine'))).toEqual([two, one]);
    const page = await list('model=mine&limit=1');
    expect(page).toMatchObject({ captures: [{ id: two }], next_cursor: two });
    expect(await list(`model=mine&limit=1&cursor=${two}`)).toMatchObject({
      captures: [{ id: one }],
      next_cursor: null,
    });
    expect(ids(await list('metadata=team:a'))).toEqual([two]);
    expect(ids(await list('metadata=note:a:b'))).toHaveLength(1);
    expect(ids(await list('model=mine&has_feedback=true'))).toEqual([one]);
    expect(ids(await list('model=mine&has_feedback=false'))).toEqual([two]);
    const now = new Date(Date.now() + 60_000).toISOString();
    expect(ids(await list(`since=${now}`))).toEqual([]);
    expect(ids(await list(`model=mine&until=${now}`))).toEqual([two, one]);
    expect((await api.get('/v1/captures?since=yesterday')).status).toBe(400);
    expect((await api.get('/v1/captures?modell=mine')).status).toBe(400);
    expect(ids(await list('', bob))).toEqual([]);
    expect((await bob.get(`/v1/captures/${one}`)).status).toBe(404);
    expect((await bob.post('/v1/feedback', { id: one, thumb: 'up' })).status).toBe(404);
    expect((await bob.delete(`/v1/captures/${one}`)).status).toBe(404);
    expect((await api.delete(`/v1/captures/${one}`)).body).toEqual({ id: one, status: 'deleted' });
    expect(ids(await list('model=mine'))).toEqual([two]);
  });
});

describe('feedback', () => {
  const makeFile = (body: object) => client.post<MadeFile>('/feedback/files', { body });
  const rowsOf = async ({ file_id }: MadeFile) => {
    const text = await (await client.files.content(file_id)).text();
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  };

  it('sets what it gives and keeps the rest', async () => {
    const { id } = await chat('A question');
    const given = await give(id, { thumb: 'down', note: 'No.' });
    expect(given).toMatchObject({ capture_id: id.slice(9), choice: 0, thumb: 'down', note: 'No.', correction: null });
    await give(id, { correction: 'Better.', thumb: null });
    expect((await captureOf(id)).feedback).toMatchObject([
      { thumb: null, note: 'No.', correction: 'Better.', score: null },
    ]);
    const refusal = async (body: object) => (await api.post<ErrorAnswer>('/v1/feedback', { id, ...body })).status;
    expect(await refusal({})).toBe(400);
    expect(await refusal({ thumb: 'sideways' })).toBe(400);
    expect(await refusal({ score: 2 })).toBe(400);
    expect(await refusal({ thumb: 'up', choice: 1 })).toBe(400);
    expect(await refusal({ thumbs: 'up' })).toBe(400);
  });

  it('becomes pairs for DPO, which a job takes', async () => {
    const metadata = { run: 'pairs' };
    const corrected = await chat('Where?', { metadata });
    const several = await chat('Which?', { metadata, n: 2, temperature: 1.5, seed: 1 });
    const liked = await chat('What?', { metadata });
    const text = await client.completions.create({ model: BASE, prompt: 'Once', max_tokens: 4, metadata } as never);
    await give(corrected.id, { correction: 'Here.' });
    await give(several.id, { choice: 0, thumb: 'down' });
    await give(several.id, { choice: 1, score: 0.75 });
    await give(liked.id, { thumb: 'up' });
    await give(text.id, { correction: ' upon a time' });
    const file = await makeFile({ method: 'dpo', metadata: 'run:pairs' });
    expect(file).toMatchObject({ rows: 2, skipped: { no_row: 1, not_a_conversation: 1, continued_answer: 0 } });
    const said = (content: string | null) => [{ role: 'assistant', content }];
    const [first, second] = several.choices.map(({ message }) => message.content);
    expect(await rowsOf(file)).toEqual([
      {
        input: { messages: ask('Where?') },
        preferred_output: said('Here.'),
        non_preferred_output: said(corrected.choices[0]!.message.content),
      },
      { input: { messages: ask('Which?') }, preferred_output: said(second!), non_preferred_output: said(first!) },
    ]);
    const job = await client.fineTuning.jobs.create({
      model: BASE,
      training_file: file.file_id,
      method: { type: 'dpo', dpo: { hyperparameters: { n_epochs: 1, batch_size: 2 } } },
    });
    const status = async () => (await client.fineTuning.jobs.retrieve(job.id)).status;
    await expect.poll(status, { timeout: 30_000, interval: 200 }).toBe('succeeded');
  });

  it('becomes prompts and completions where the request was a text completion', async () => {
    const metadata = { run: 'texts' };
    const complete = (prompt: string | number[]) =>
      client.completions.create({ model: BASE, prompt, max_tokens: 4, temperature: 0, metadata } as never);
    const [corrected, liked, scored, tokens] = [
      await complete('Once'),
      await complete('Twice\n'),
      await complete('Thrice'),
      await complete([5, 6]),
    ];
    const talked = await chat('Who?', { metadata });
    await give(corrected.id, { correction: ' upon a time' });
    await give(liked.id, { thumb: 'up' });
    await give(scored.id, { score: 0.5 });
    for (const { id } of [tokens, talked]) await give(id, { thumb: 'up' });
    const file = await makeFile({ method: 'supervised', kind: 'completion', metadata: 'run:texts' });
    expect(file).toMatchObject({ rows: 2, skipped: { no_row: 0, not_a_text: 2, partial_score: 1 } });
    expect(await rowsOf(file)).toEqual([
      { prompt: 'Once', completion: ' upon a time' },
      { prompt: 'Twice\n', completion: (liked as OpenAI.Completion).choices[0]!.text },
    ]);
    await expect(makeFile({ method: 'dpo', kind: 'completion' })).rejects.toThrow(
      /kind is "completion", but method dpo/,
    );
    await api.delete(`/v1/captures/${talked.id}`);
    await expect(makeFile({ method: 'supervised', metadata: 'run:texts' })).rejects.toThrow(
      /None of 4 captures .* For text completions, pass "method": "supervised" and "kind": "completion"\./,
    );
  });

  it('becomes weighted answers for supervised training', async () => {
    const metadata = { run: 'weights' };
    const turns = [...ask('One?'), { role: 'assistant' as const, content: 'Two.' }, ...ask('Three?')];
    const scored = await chat('', { messages: turns, metadata });
    const bad = await chat('Bad?', { metadata });
    await give(scored.id, { score: 0.5 });
    await give(bad.id, { thumb: 'down' });
    const file = await makeFile({ method: 'supervised', metadata: 'run:weights', filename: 'w.jsonl' });
    expect(file).toMatchObject({ filename: 'w.jsonl', rows: 1, skipped: { no_row: 1 } });
    const content = scored.choices[0]!.message.content;
    const [one, two, three] = turns;
    expect(await rowsOf(file)).toEqual([
      { messages: [one, { ...two, weight: 0 }, three, { role: 'assistant', content, weight: 0.5 }] },
    ]);
    await expect(makeFile({ method: 'dpo', metadata: 'run:weights' })).rejects.toThrow(/None of 2 captures/);
    expect((await bob.post('/v1/feedback/files', { method: 'dpo' })).status).toBe(400);
  });
});
