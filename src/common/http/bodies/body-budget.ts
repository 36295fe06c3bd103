import { Holdings } from '../../concurrency/holdings.js';
import { BodiesInFlightError } from './body.errors.js';

/** What one body takes of the budget, until it is given back. */
export interface BodyAccount {
  /** Bytes that have arrived, or were unpacked. @throws BodiesInFlightError when there is no room for them */
  add(bytes: number): void;
  /** Refuses a body that cannot fit beside those that are here. @throws BodiesInFlightError */
  expect(bytes: number): void;
  /** What it really takes, once that is known. */
  set(bytes: number): void;
  /** Gives all of it back; nothing counts after that. */
  close(): void;
}

/** One client has no more than this share of the whole, so that others find room. */
const CLIENT_SHARE = 0.5;

/**
 * Bounds the bytes of request bodies in memory, of all clients together and of each: a client is a key, or an address
 * where no keys are asked for. Bytes count when they are here, not when they are announced, until the request has been
 * answered. One body is always taken, however small the limit.
 */
export class BodyBudget {
  private readonly held = new Holdings();

  constructor(private readonly limitBytes: number) {}

  /** Of all bodies that are in memory. */
  get bytes(): number {
    return this.held.total;
  }

  open(client: string): BodyAccount {
    let taken = 0;
    let isOpen = true;
    const change = (bytes: number): void => {
      if (!isOpen) return;
      taken += bytes;
      this.held.add(client, bytes);
    };
    return {
      add: (bytes) => {
        this.check(client, bytes, taken);
        change(bytes);
      },
      expect: (bytes) => this.check(client, bytes - taken, taken),
      set: (bytes) => change(bytes - taken),
      close: () => {
        change(-taken);
        isOpen = false;
      },
    };
  }

  /** @param own what the body has already: it may grow as long as it is alone */
  private check(client: string, bytes: number, own: number): void {
    const { total } = this.held;
    const ofClient = this.held.of(client);
    const share = this.limitBytes * CLIENT_SHARE;
    if (total > own && total + bytes > this.limitBytes) {
      throw new BodiesInFlightError('server', total, this.limitBytes);
    }
    if (ofClient > own && ofClient + bytes > share) throw new BodiesInFlightError('client', ofClient, share);
  }
}
