import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { encodeFrame, type Message } from '../frames/frame-codec.js';
import { RankConnection } from './rank-connection.js';
import { type Hello, PROTOCOL_VERSION, readHello } from './rank-messages.js';

/** Where the listener listens. */
export type ListenAddress =
  | { readonly path: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
    };

export interface RankListenerOptions {
  readonly token: string;
  /** Ranks of the whole group. */
  readonly world: number;
  readonly log: (message: string) => void;
}

/** A rank that belongs to the group. */
export interface Rank {
  readonly hello: Hello;
  readonly connection: RankConnection;
}

/** Whoever has connected says hello within this time. */
const HELLO_MS = 10_000;

/**
 * Takes the connections of ranks until those of one run are all there; then these are the group, and whoever comes later is
 * refused. Ranks of different runs never form a group: one that an earlier launch has left behind waits in vain, and is
 * refused with the others.
 */
export class RankListener {
  /** Resolves with the ranks in their order. Rejects when the listener is closed before. */
  readonly group: Promise<readonly Rank[]>;
  private readonly runs = new Map<string, Map<number, Rank>>();
  private readonly server: Server;
  private isComplete = false;
  private complete!: (ranks: readonly Rank[]) => void;
  private giveUp!: (error: Error) => void;

  private constructor(
    private readonly options: RankListenerOptions,
    tls: { readonly cert: Buffer; readonly key: Buffer } | null,
  ) {
    this.group = new Promise((resolve, reject) => {
      this.complete = resolve;
      this.giveUp = reject;
    });
    // Whoever waits for it is told; nobody may.
    this.group.catch(() => undefined);
    const onConnection = (socket: Socket) => this.greet(new RankConnection(socket));
    this.server = tls ? createTlsServer(tls, onConnection) : createServer(onConnection);
  }

  /** @throws the error of the system when the address cannot be listened on */
  static async open(address: ListenAddress, options: RankListenerOptions): Promise<RankListener> {
    const listener = new RankListener(options, 'path' in address ? null : address.tls);
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject);
      listener.server.listen(
        'path' in address ? { path: address.path } : { host: address.host, port: address.port },
        resolve,
      );
    });
    return listener;
  }

  /** The port, where it listens on one. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Says which ranks of which run are still missing. */
  describeWaiting(): string {
    const { world } = this.options;
    if (this.runs.size === 0) return `none of the ${world} ranks has connected`;
    const runs = [...this.runs].map(([run, ranks]) => {
      const missing = Array.from({ length: world }, (_, rank) => rank).filter((rank) => !ranks.has(rank));
      return `run ${run} has ${ranks.size} of ${world} ranks, missing ${missing.join(', ')}`;
    });
    return runs.join('; ');
  }

  /** Stops listening, and ends what waits. The connections of a complete group stay. */
  close(): void {
    this.server.close();
    for (const { connection } of this.waiting()) connection.destroy();
    this.runs.clear();
    this.giveUp(new Error('the listener was closed'));
  }

  private greet(connection: RankConnection): void {
    const timer = setTimeout(() => connection.destroy(), HELLO_MS).unref();
    connection.onClose = () => clearTimeout(timer);
    connection.onMessage = (message) => {
      clearTimeout(timer);
      const reason = this.admit(message, connection);
      if (reason !== null) this.refuse(connection, reason);
    };
  }

  /** @returns why the rank is refused, or null */
  private admit(message: Message, connection: RankConnection): string | null {
    const hello = readHello(message);
    const { token, world } = this.options;
    if (!hello) return 'this is not a hello';
    if (!isSame(hello.token, token)) return 'the token is wrong';
    if (hello.protocol !== PROTOCOL_VERSION) {
      return `the rank speaks version ${hello.protocol} of the protocol, and this service version ${PROTOCOL_VERSION}`;
    }
    if (this.isComplete) return `run ${hello.run} comes late: the group is complete`;
    if (hello.world !== world) return `the rank is one of ${hello.world}, and this service waits for ${world}`;
    if (hello.rank < 0 || hello.rank >= world) return `there is no rank ${hello.rank} among ${world}`;
    return this.enter({ hello, connection });
  }

  private enter(rank: Rank): string | null {
    const { run, rank: index, host, pid } = rank.hello;
    const ranks = this.runs.get(run) ?? new Map<number, Rank>();
    if (ranks.has(index)) return `rank ${index} of run ${run} is connected already`;
    ranks.set(index, rank);
    this.runs.set(run, ranks);
    rank.connection.onMessage = () => undefined;
    rank.connection.onClose = () => this.leave(run, index);
    this.options.log(`Rank ${index} of run ${run} has connected (${host}, process ${pid})`);
    if (ranks.size === this.options.world) this.finish(run, ranks);
    return null;
  }

  private leave(run: string, index: number): void {
    const ranks = this.runs.get(run);
    ranks?.delete(index);
    if (ranks?.size === 0) this.runs.delete(run);
  }

  private finish(run: string, ranks: ReadonlyMap<number, Rank>): void {
    this.isComplete = true;
    this.runs.delete(run);
    for (const { hello, connection } of this.waiting()) {
      this.refuse(connection, `run ${hello.run} comes late: the group is complete`);
    }
    this.runs.clear();
    const inOrder = [...ranks.values()].sort((a, b) => a.hello.rank - b.hello.rank);
    for (const { connection } of inOrder) connection.trust();
    this.complete(inOrder);
  }

  private waiting(): Rank[] {
    return [...this.runs.values()].flatMap((ranks) => [...ranks.values()]);
  }

  private refuse(connection: RankConnection, reason: string): void {
    this.options.log(`A rank was refused: ${reason}`);
    connection.onMessage = () => undefined;
    connection.onClose = () => undefined;
    connection.end(encodeFrame({ kind: 'refused', reason }));
  }
}

/** Compares in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
