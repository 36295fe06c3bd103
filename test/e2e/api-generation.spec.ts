import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedAnswer, type ErrorAnswer, type ForwardAnswer, type GenerateAnswer } from './support/client.js';
import { waitFor } from '../support/wait-for.js';
import { TestServer } from './support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.stop());

const messages = [{ role: 'user', content: 'Who are you?' }];
const greedy = { messages, max_new_tokens: 24, temperature: 0 };

describe('POST /generate', () => {
  it('answers with text, tokens and usage', async () => {
    const { body } = await server.api.post<GenerateAnswer>('/generate', { ...greedy, logprobs: true });
    const [sequence] = body.sequences;
    expect(body).toMatchObject({ model_id: 'tiny-chat', text: sequence!.text });
    expect(body.text.length).toBeGreaterThan(3);
    expect(body.usage.completion_tokens).toBe(sequence!.tokens.length);
    expect(sequence!.logprobs).toHaveLength(sequence!.tokens.length);
    expect(Math.max(...sequence!.logprobs!)).toBeLessThanOrEqual(0);
  });

  it('means the base without a name, by its name and by "base"', async () => {
    const texts = await Promise.all(
      [{}, { model_id: 'tiny-chat' }, { model_id: 'base' }, { base_model: 'tiny-chat' }].map(
        async (target) => (await server.api.generate({ ...greedy, ...target })).text,
      ),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it("takes OpenAI's and Tinker's names", async () => {
    const { max_new_tokens: _length, ...rest } = greedy;
    const answer = await server.api.generate({ ...rest, max_tokens: 3, num_samples: 2 });
    expect(answer.sequences.map(({ tokens }) => tokens.length)).toEqual([3, 3]);
    const refused = await server.api.post<ErrorAnswer>('/generate', { ...greedy, max_tokens: 3 });
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toBe(
      'max_new_tokens and max_tokens differ. They are two names of one setting: pass only one of them.',
    );
  });

  it('leaves log-probs out unless asked for', async () => {
    expect((await server.api.generate(greedy)).sequences[0]!.logprobs).toBeUndefined();
  });

  it('ends at a stop token, which is among the tokens but not in the text', async () => {
    const full = await server.api.generate({ ...greedy, max_new_tokens: 64 });
    const [sequence] = full.sequences;
    expect(sequence!.stop_reason).toBe('stop');
    const stop = sequence!.tokens[2]!;
    const cut = await server.api.generate({ ...greedy, stop: [stop] });
    expect(cut.sequences[0]).toMatchObject({
      stop_reason: 'stop',
      tokens: sequence!.tokens.slice(0, sequence!.tokens.indexOf(stop) + 1),
    });
    expect(full.text.startsWith(cut.text)).toBe(true);
    expect(cut.text.length).toBeLessThan(full.text.length);
  });

  it('ends at a stop string, which is not in the text', async () => {
    const full = await server.api.generate(greedy);
    const stop = full.text.slice(4, 7);
    const cut = await server.api.generate({ ...greedy, stop });
    expect(cut.text).toBe(full.text.slice(0, full.text.indexOf(stop)));
    expect(cut.sequences[0]!.stop_reason).toBe('stop');
  });

  it('ends at the most tokens', async () => {
    const { sequences, usage } = await server.api.generate({ ...greedy, max_new_tokens: 2 });
    expect(sequences[0]).toMatchObject({ stop_reason: 'length' });
    expect(usage.completion_tokens).toBe(2);
  });

  it('gives the same answer for the same seed, and tells the one it drew', async () => {
    const request = { messages, max_new_tokens: 16, temperature: 1.5, n: 3 };
    const drawn = await server.api.generate(request);
    expect(drawn.sequences).toHaveLength(3);
    const again = await server.api.generate({ ...request, seed: drawn.seed });
    expect(again.sequences).toEqual(drawn.sequences);
    const other = await server.api.generate({ ...request, seed: drawn.seed + 1 });
    expect(other.sequences).not.toEqual(drawn.sequences);
  });

  it('continues text and tokens', async () => {
    const text = await server.api.generate({ prompt: 'The sea', max_new_tokens: 4, temperature: 0 });
    expect(text.sequences[0]!.tokens.length).toBeGreaterThan(0);
    const tokens = await server.api.generate({ tokens: [10, 11, 12], max_new_tokens: 4, temperature: 0 });
    expect(tokens.usage.prompt_tokens).toBe(3);
  });

  it('agrees with a training forward on the same tokens', async () => {
    const tokens = [10, 11, 12];
    const { sequences } = await server.api.generate({
      tokens,
      max_new_tokens: 8,
      temperature: 0.8,
      logprobs: true,
      seed: 1,
    });
    const all = [...tokens, ...sequences[0]!.tokens];
    const data = [
      {
        model_input: { chunks: [{ type: 'encoded_text', tokens: all.slice(0, -1) }] },
        loss_fn_inputs: { target_tokens: all.slice(1) },
      },
    ];
    const { loss_fn_outputs } = await server.api.run<ForwardAnswer>('/fwd', { model_id: 'base', data });
    const forward = loss_fn_outputs[0]!.logprobs.data.slice(tokens.length - 1);
    sequences[0]!.logprobs!.forEach((logprob, i) => expect(Math.abs(logprob - forward[i]!)).toBeLessThan(1e-4));
  });

  it('sees every training step sent before', async () => {
    const data = [[...messages, { role: 'assistant', content: 'I am a lighthouse.' }]];
    const lora_config = { target_modules: 'all-linear' };
    const before = await server.api.generate({ ...greedy, model_id: 'base' });
    for (let i = 0; i < 30; i++) {
      await server.api.post('/fwdbwd', { model_id: 'lighthouse', data, train_on: 'assistant', lora_config });
      await server.api.post('/optim_step', { model_id: 'lighthouse', adam_params: { learning_rate: 0.003 } });
    }
    const after = await server.api.generate({ ...greedy, model_id: 'lighthouse' });
    expect(after.text).toContain('lighthouse');
    expect((await server.api.generate({ ...greedy, model_id: 'base' })).text).toBe(before.text);
  });

  it('answers with a future when asked to', async () => {
    const accepted = await server.api.post<AcceptedAnswer>('/generate', { ...greedy, async: true });
    expect(accepted.body).toMatchObject({ model_id: 'tiny-chat' });
    const { body } = await server.api.retrieve<GenerateAnswer>(accepted.body.request_id);
    expect(body.text).toBe((await server.api.generate(greedy)).text);
  });
});

describe('a streamed answer', () => {
  interface StreamEvent {
    readonly event: string;
    readonly data: Record<string, unknown>;
  }

  /** Opens a stream; resolves once the request is accepted. */
  async function open(body: Record<string, unknown>): Promise<Response> {
    const response = await fetch(`${server.api.url}/generate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    return response;
  }

  async function eventsOf(response: Response): Promise<StreamEvent[]> {
    const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
    return blocks.map((block) => {
      const [event, data] = block.split('\n');
      return {
        event: event!.replace('event: ', ''),
        data: JSON.parse(data!.replace('data: ', '')) as Record<string, unknown>,
      };
    });
  }

  it('gives every token in order, and pieces that make up the text', async () => {
    const request = { messages, max_new_tokens: 24, temperature: 1, seed: 5, n: 2, stop: ['zzz'] };
    const plain = await server.api.generate(request);
    const events = await eventsOf(await open(request));
    const done = events.at(-1)!;
    expect(done.event).toBe('done');
    expect(done.data).toMatchObject({ text: plain.text, sequences: plain.sequences, seed: 5 });
    const pieces = events.slice(0, -1);
    expect(pieces.every(({ event }) => event === 'token')).toBe(true);
    plain.sequences.forEach((sequence, index) => {
      const own = pieces.map(({ data }) => data).filter((data) => data['index'] === index);
      expect(own.map(({ token }) => token).filter((token) => token !== null)).toEqual(sequence.tokens);
      expect(own.map(({ text }) => text).join('')).toBe(sequence.text);
    });
  });

  it('tells a failure that comes late as an event', async () => {
    await server.api.post('/adapters', { model_id: 'gone' });
    const data = [
      {
        model_input: { chunks: [{ type: 'encoded_text', tokens: new Array(900).fill(5) }] },
        loss_fn_inputs: { target_tokens: new Array(900).fill(6) },
      },
    ];
    for (let i = 0; i < 6; i++) await server.api.post('/fwdbwd', { model_id: 'gone', data });
    const accepted = await open({ ...greedy, model_id: 'gone' });
    await server.api.delete('/adapters/gone');
    const [only] = await eventsOf(accepted);
    expect(only).toMatchObject({ event: 'error', data: { error: { code: 'not_found' } } });
  });

  it('is refused with a status when the request cannot work', async () => {
    const answer = await server.api.post<ErrorAnswer>('/generate', { messages: [], stream: true });
    expect(answer.status).toBe(400);
  });
});

/** The newest sampling request, which a client that has gone was never told of. */
async function newest(): Promise<{ request_id: string; status: string; error: { code: string } | null } | undefined> {
  interface Futures {
    readonly futures: { request_id: string; status: string; error: { code: string } | null }[];
  }
  const { body } = await server.api.get<Futures>('/futures?kind=generate&limit=1');
  return body.futures[0];
}

describe('a client that goes away', () => {
  // Far more tokens than are drawn before it goes.
  const long = { tokens: [10, 11, 12], max_new_tokens: 200, n: 64, temperature: 1, stop: [] };

  it.each([{ stream: false }, { stream: true }])('ends its generation: %o', async (options) => {
    const before = (await newest())?.request_id;
    const controller = new AbortController();
    const answer = fetch(`${server.api.url}/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...long, ...options }),
      signal: controller.signal,
    }).then((response) => response.text());
    const running = async () => {
      const request = await newest();
      return request?.request_id !== before && request?.status === 'running';
    };
    await waitFor('a generation that runs', running);
    controller.abort();
    await expect(answer).rejects.toThrow();
    await waitFor('the end of the generation', async () => (await newest())?.status === 'failed');
    expect((await newest())?.error).toMatchObject({ code: 'cancelled' });
  });

  it('leaves a future that it asked for', async () => {
    const { body } = await server.api.post<AcceptedAnswer>('/generate', { ...greedy, async: true });
    expect(await server.api.retrieve<GenerateAnswer>(body.request_id)).toMatchObject({ status: 200 });
  });
});

describe('refusals', () => {
  it.each([
    ['nothing to continue', {}, 'messages'],
    ['two things to continue', { messages, prompt: 'a' }, 'messages'],
    ['no messages', { messages: [] }, 'messages'],
    ['a message without a role', { messages: [{ content: 'a' }] }, 'messages[0].role'],
    ['an empty prompt of tokens', { tokens: [] }, 'tokens'],
    ['a token beyond the vocabulary', { tokens: [10_000_000] }, 'tokens[0]'],
    ['more than the context', { messages, max_new_tokens: 1024 }, 'max_new_tokens'],
    ['no tokens to draw', { messages, max_new_tokens: 0 }, 'max_new_tokens'],
    ['a negative temperature', { messages, temperature: -1 }, 'temperature'],
    ['top_p 0', { messages, top_p: 0 }, 'top_p'],
    ['top_k -2', { messages, top_k: -2 }, 'top_k'],
    ['min_p 2', { messages, min_p: 2 }, 'min_p'],
    ['repetition_penalty 0', { messages, repetition_penalty: 0 }, 'repetition_penalty'],
    ['n 65', { messages, n: 65 }, 'n'],
    ['an empty stop string', { messages, stop: '' }, 'stop'],
    ['a mixed stop list', { messages, stop: ['a', 3] }, 'stop[1]'],
    ['a stop token beyond the vocabulary', { messages, stop: [10_000_000] }, 'stop[0]'],
    ['a seed that is not an integer', { messages, seed: 'one' }, 'seed'],
    ['an unknown base model', { messages, base_model: 'gpt-17' }, 'base_model'],
    ['a future and a stream at once', { messages, async: true, stream: true }, 'stream'],
    ['a broken path', { messages, model_id: 'tinker://x' }, 'model_id'],
    ['a path of training weights', { messages, model_id: 'tinker://x/weights/y' }, 'model_id'],
    ['a misspelt field', { messages, max_new_tokns: 3 }, 'max_new_tokns'],
  ])('of %s', async (_what, body, field) => {
    const answer = await server.api.post<ErrorAnswer>('/generate', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ category: 'user', details: { field } });
  });

  it.each(['nobody', 'tinker://nobody/sampler_weights/x'])('of the unknown model %s', async (model_id) => {
    const answer = await server.api.post<ErrorAnswer>('/generate', { messages, model_id });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toMatchObject({ code: 'not_found', details: { field: 'model_id' } });
  });
});
