import { describe, expect, it } from 'vitest';
import { EventBus, type EventChannel, type EventListener } from '../../../events/event-bus.js';
import { TextStream } from './text-stream.js';
import { type TokenEvents, type TokenTriple } from '../../../events/token-events.js';
import { TokenPublisher, TokenTap } from './token-events.js';
import { TokenTexts } from './token-texts.js';

/** Delivers at once to whoever listens, but each sending takes until `release` is called. */
class HeldBus extends EventBus {
  readonly sent: TokenEvents[] = [];
  fails = false;
  private readonly listeners = new Set<EventListener>();
  private readonly held: (() => void)[] = [];

  override async publish(_channel: EventChannel, payload: string): Promise<void> {
    if (this.fails) throw new Error('out of reach');
    this.sent.push(JSON.parse(payload) as TokenEvents);
    for (const listener of this.listeners) listener.onEvent(payload);
    await new Promise<void>((resolve) => this.held.push(resolve));
  }

  override subscribe(_channel: EventChannel, listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async release(): Promise<void> {
    while (this.held.length > 0) {
      this.held.splice(0).forEach((resolve) => resolve());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('TokenPublisher', () => {
  it('sends one event at a time and collects what is drawn meanwhile, in order', async () => {
    const bus = new HeldBus();
    const publisher = new TokenPublisher(bus, 'future_1', () => undefined);
    publisher.push(0, 11);
    publisher.push(1, 21);
    publisher.push(0, 12);
    expect(bus.sent).toHaveLength(1);
    const flushed = publisher.flush();
    await bus.release();
    await flushed;
    expect(bus.sent.map(({ tokens }) => tokens)).toEqual([
      [[0, 0, 11]],
      [
        [1, 0, 21],
        [0, 1, 12],
      ],
    ]);
  });

  it('keeps every event below the longest payload', async () => {
    const bus = new HeldBus();
    const publisher = new TokenPublisher(bus, `future_${'x'.repeat(26)}`, () => undefined);
    for (let i = 0; i < 1000; i++) publisher.push(63, 4_000_000);
    await bus.release();
    await publisher.flush();
    expect(bus.sent.flatMap(({ tokens }) => tokens)).toHaveLength(1000);
    for (const event of bus.sent) expect(JSON.stringify(event).length).toBeLessThan(7000);
  });

  it('reports a bus that is out of reach and does not fail the sampling', async () => {
    const bus = new HeldBus();
    bus.fails = true;
    const faults: unknown[] = [];
    const publisher = new TokenPublisher(bus, 'future_1', (error) => faults.push(error));
    publisher.push(0, 1);
    await publisher.flush();
    expect(faults).toHaveLength(1);
  });
});

describe('TokenTap', () => {
  it('gives the tokens of its request only, also those that came before it knew the id', async () => {
    const bus = new HeldBus();
    const tap = new TokenTap(bus);
    const send = (request_id: string, token: number) =>
      void bus.publish('token_stream', JSON.stringify({ request_id, tokens: [[0, 0, token]] }));
    send('other', 1);
    send('mine', 2);
    const got: number[] = [];
    tap.follow('mine', ([, , token]) => got.push(token));
    send('other', 3);
    send('mine', 4);
    tap.close();
    send('mine', 5);
    expect(got).toEqual([2, 4]);
  });
});

const decodeCodes = (codes: readonly number[]) => Promise.resolve(String.fromCharCode(...codes));

describe('TokenTexts', () => {
  const texts = () => new TokenTexts(() => new TextStream(decodeCodes, new Set(), []));

  async function push(sut: TokenTexts, ...triples: TokenTriple[]): Promise<string> {
    let text = '';
    for (const triple of triples) text += (await sut.push(triple)).text;
    return text;
  }

  it('keeps sequences apart', async () => {
    const sut = texts();
    expect(await push(sut, [0, 0, 97], [1, 0, 98], [0, 1, 99])).toBe('abc');
    expect(sut.finish(['ac', 'bd'])).toEqual([{ index: 1, token: null, text: 'd' }]);
  });

  it('stops giving text after a lost token, so that the end still completes it', async () => {
    const sut = texts();
    const given = await push(sut, [0, 0, 97], [0, 2, 99], [0, 3, 100]);
    const [rest] = sut.finish(['abcd']);
    expect(given + rest!.text).toBe('abcd');
  });
});
