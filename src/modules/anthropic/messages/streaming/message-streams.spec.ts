import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import type { Response } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { END_TOKEN, makeBaseModel } from '../../../../../test/support/service/api-base-model.js';
import { HermesFormat } from '../../../../base-models/tool-calls/hermes-format.js';
import { InternalError } from '../../../../common/errors/internal.error.js';
import { type GeneratedSequence } from '../../../../operations/payloads/generate-result.js';
import { GenerationStreamService, type Sampled, type StreamListener } from '../../../generation/index.js';
import { type MessageOrder } from '../message-order.js';
import { MessageStreams } from './message-streams.js';
import { presentMessage } from '../message.presenter.js';

/* Whole and streamed messages, as Anthropic's own client reads them. */

const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
const REQUEST = { model: 'm', max_tokens: 8, messages: [{ role: 'user' as const, content: 'Hi' }] };

/** A generation that has happened already, in pieces of three characters. */
class Played extends GenerationStreamService {
  constructor(private readonly sampled: Sampled | Error) {
    super(undefined as never, undefined as never);
  }

  override async run(_: unknown, __: unknown, listener: StreamListener): Promise<Sampled> {
    listener.onStart('future_1');
    if (this.sampled instanceof Error) throw this.sampled;
    const text = this.sampled.generated.sequences[0]!.text;
    for (let at = 0; at < text.length; at += 3) {
      listener.onDelta({ index: 0, token: null, text: text.slice(at, at + 3) });
    }
    return this.sampled;
  }
}

function sampledWith(text: string, stopReason: GeneratedSequence['stopReason'] = 'stop'): Sampled {
  const tokens = Int32Array.from([...text].map((character) => character.charCodeAt(0)).concat(END_TOKEN));
  const sequences = [{ text, tokens, logprobs: null, top: null, stopReason }];
  const generated = { sequences, promptTokens: 3, completionTokens: 5, promptLogprobs: null, promptTop: null, seed: 1 };
  return { requestId: 'future_1', modelId: 'm', generated };
}

function orderWith(changes: Partial<MessageOrder> = {}): MessageOrder {
  const model = makeBaseModel();
  return {
    order: {
      source: { model, modelId: 'm', adapterId: null, checkpointId: null },
      prompt: Int32Array.of(1, 2, 3),
      count: 1,
      maxNewTokens: 8,
      settings: {},
      stop: { tokens: [], strings: [], endTokens: true },
      seed: null,
      wanted: { logprobs: false },
      stream: true,
      fields: { prompt: 'messages', maxNewTokens: 'max_tokens', topSampledTokens: '' },
    },
    model: 'm',
    stopSequences: [],
    endsWithContext: false,
    tools: { functions: [], names: new Set(['weather']), format: new HermesFormat(), definitions: [] },
    ...changes,
  };
}

let server: Server | undefined;
afterEach(() => server?.close());

/** A client of a server that streams this generation to everybody. */
async function clientFor(order: MessageOrder, sampled: Sampled | Error): Promise<Anthropic> {
  const streams = new MessageStreams(new Played(sampled));
  server = createServer((_, plain) => {
    const response = Object.assign(plain, {
      status: () => response,
      set: (headers: Readonly<Record<string, string>>) => {
        for (const [name, value] of Object.entries(headers)) plain.setHeader(name, value);
      },
    });
    void streams.write(order, AbortSignal.timeout(10_000), response as never as Response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new Anthropic({ apiKey: 'any', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 });
}

const text = (words: string) => ({ type: 'text', text: words });
const call = { type: 'tool_use', name: 'weather', input: { city: 'Oslo' } };

describe('a message', () => {
  it.each([
    ['text', 'Hello.', [text('Hello.')], 'end_turn'],
    ['nothing', '', [], 'end_turn'],
    ['a call', CALL, [call], 'tool_use'],
    ['text and two calls', `Let me see.${CALL}\n${CALL}`, [text('Let me see.'), call, call], 'tool_use'],
    ['text after a call', `${CALL}\nSo.`, [call, text('\nSo.')], 'tool_use'],
    ['what only looks like a call', 'a <tool_call>{}', [text('a <tool_call>{}')], 'end_turn'],
  ])('of %s has the same blocks whole and streamed', async (_, written, content, reason) => {
    const order = orderWith();
    const whole = await presentMessage(order, sampledWith(written));
    const client = await clientFor(order, sampledWith(written));
    const streamed = await client.messages.stream(REQUEST).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message).toMatchObject({ id: 'msg_future_1', content, stop_reason: reason, stop_sequence: null });
      expect(message.content).toHaveLength(content.length);
      expect(message.usage).toMatchObject({ input_tokens: 3, output_tokens: 5 });
    }
    const ids = whole.content.flatMap((block) => (block.type === 'tool_use' ? block.id : []));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('without tools is text, whatever it looks like', async () => {
    const message = await presentMessage(orderWith({ tools: null }), sampledWith(CALL));
    expect(message).toMatchObject({ content: [text(CALL)], stop_reason: 'end_turn' });
  });

  it.each([
    ['max_tokens', false],
    ['model_context_window_exceeded', true],
  ])('ends with %s', async (reason, endsWithContext) => {
    const message = await presentMessage(orderWith({ endsWithContext }), sampledWith(CALL, 'length'));
    expect(message).toMatchObject({ content: [call], stop_reason: reason });
  });

  it('that fails ends in an error that the client throws', async () => {
    const client = await clientFor(orderWith(), new InternalError('error_1', null));
    await expect(client.messages.stream(REQUEST).finalMessage()).rejects.toMatchObject({
      type: 'api_error',
      errorCode: 'internal_error',
      error: { request_id: expect.stringMatching(/^req_/) as string },
    });
  });
});
