/**
 * Sends the operations of each adapter one after another, in the order of the calls: the next one as soon as the server
 * has accepted the one before, without waiting for its result. That makes pipelining safe.
 */
export class Submissions {
  private readonly last = new Map<string, Promise<unknown>>();

  /** @param lane operations of one lane keep their order, usually those of an adapter */
  submit<T>(lane: string, send: () => Promise<T>): Promise<T> {
    const before = this.last.get(lane) ?? Promise.resolve();
    const sent = before.then(send);
    const settled = sent.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(lane, settled);
    void settled.then(() => {
      if (this.last.get(lane) === settled) this.last.delete(lane);
    });
    return sent;
  }
}

/**
 * Numbers for requests, with which a repeat finds the first one. An adapter remembers them, so that no two clients may
 * count alike: each begins at random.
 */
export class SequenceIds {
  private value = Math.floor(Math.random() * 2 ** 52);

  next(): number {
    return this.value++;
  }
}
