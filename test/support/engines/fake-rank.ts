import { connect, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { encodeFrame, FrameDecoder, type Message } from '../../../src/compute/torch/frames/frame-codec.js';
import { type Hello, type RankError } from '../../../src/compute/torch/ranks/rank-messages.js';
import { waitFor } from '../wait-for.js';

export interface RankCall {
  readonly id: number;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a fake rank answers to a call: a value, an error, or nothing. */
export type Script = (call: RankCall) => { value: unknown } | { error: Partial<RankError> } | null;

export const RANK_INFO = {
  device: 'cpu',
  batching: 'exact',
  repeatability: 'bitwise',
  passTokens: 16,
  sequenceBytes: null,
  models: [{ name: 'fake', parameterCount: 1, cacheBytesPerToken: 8 }],
};

/** Keeps what a test provokes out of its output. */
export class QuietLogger extends Logger {
  override log(): void {}
  override warn(): void {}
  override error(): void {}
}

/** A rank of the torch worker that computes nothing: it answers calls by its script. */
export class FakeRank {
  readonly messages: Message[] = [];
  readonly calls: RankCall[] = [];
  isClosed = false;
  private readonly decoder = new FrameDecoder(2 ** 30);

  private constructor(
    private readonly socket: Socket,
    private readonly script: Script,
  ) {
    socket.on('data', (piece) => this.decoder.push(piece).forEach((message) => this.receive(message)));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  /** Connects and says hello. */
  static async connect(
    path: string,
    hello: Partial<Hello> = {},
    script: Script = () => ({ value: null }),
  ): Promise<FakeRank> {
    const socket = connect(path);
    const rank = new FakeRank(socket, script);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', resolve);
    });
    const whole: Hello = {
      kind: 'hello',
      protocol: 1,
      token: 'secret',
      run: 'r',
      rank: 0,
      world: 1,
      host: 'here',
      pid: 1,
      versions: {},
      ...hello,
    };
    rank.send({ ...whole });
    return rank;
  }

  send(message: Message): void {
    this.socket.write(encodeFrame(message));
  }

  /** As a process that is killed. */
  die(): void {
    this.socket.destroy();
  }

  /** The first message of this kind, once it has come. */
  async received(kind: string): Promise<Message> {
    await waitFor(`a ${kind}`, () => this.messages.some((message) => message['kind'] === kind));
    return this.messages.find((message) => message['kind'] === kind)!;
  }

  private receive(message: Message): void {
    this.messages.push(message);
    if (message['kind'] !== 'call') return;
    const call = message as Message & RankCall;
    this.calls.push(call);
    const answer = this.script(call);
    if (answer === null) return;
    if ('value' in answer) return this.send({ kind: 'result', id: call.id, value: answer.value });
    const error = { kind: 'user', code: 'x', message: 'x', details: {}, ...answer.error };
    this.send({ kind: 'error', id: call.id, error });
  }
}
