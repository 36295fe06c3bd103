import { type Socket } from 'node:net';
import { FrameDecoder, type Message } from '../frames/frame-codec.js';

/** A stranger can make us hold no more than this. */
const MAX_HELLO_BYTES = 65_536;
/** Lengths above this are not sent by any rank; most numbers that a link carries at a time are the state of an adapter. */
const MAX_FRAME_BYTES = 2 ** 40;

/** The connection of one rank. What arrives goes to one listener, who may change. */
export class RankConnection {
  onMessage: (message: Message) => void = () => undefined;
  /** Called once, however the connection ends. */
  onClose: (reason: string) => void = () => undefined;
  private readonly decoder = new FrameDecoder(MAX_HELLO_BYTES);
  private reason = 'it closed its connection';

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (piece) => this.receive(piece));
    socket.on('error', (error) => (this.reason = `its connection failed: ${error.message}`));
    socket.on('close', () => this.onClose(this.reason));
  }

  /** From here on it may send whatever it likes. */
  trust(): void {
    this.decoder.maxBytes = MAX_FRAME_BYTES;
  }

  /** Sends a frame, which must not change any more. */
  send(frame: Uint8Array): void {
    this.socket.write(frame);
  }

  /** Sends a last frame. */
  end(frame: Uint8Array): void {
    this.socket.end(frame);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private receive(piece: Uint8Array): void {
    try {
      for (const message of this.decoder.push(piece)) this.onMessage(message);
    } catch (error) {
      this.reason = error instanceof Error ? error.message : String(error);
      this.socket.destroy();
    }
  }
}
