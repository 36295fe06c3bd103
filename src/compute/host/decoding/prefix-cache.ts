import { type SpareMemory } from './sequence-memory.js';

/** Tokens that are looked up together. Beginnings that are shorter are not shared. */
export const PREFIX_BLOCK = 16;

/** A sequence of the engine and how many of its first tokens can be forked off. */
export interface PrefixSource {
  readonly sequence: number;
  readonly read: number;
}

/** A text in tokens and by whole blocks. */
export interface PrefixText {
  readonly tokens: Int32Array;
  readonly blocks: readonly string[];
}

export function prefixText(tokens: Int32Array): PrefixText {
  const blocks: string[] = [];
  for (let end = PREFIX_BLOCK; end <= tokens.length; end += PREFIX_BLOCK) {
    blocks.push(tokens.subarray(end - PREFIX_BLOCK, end).join());
  }
  return { tokens, blocks };
}

/** What is known about the beginning of a prompt. */
export interface FoundPrefix<R extends PrefixSource> {
  /** Tokens that can be had now, 0 for none, and where. */
  readonly length: number;
  readonly source: PrefixSource | null;
  /** Who is reading more of it just now; null when nobody is. */
  readonly reader: R | null;
}

/** A text that a sequence begins with, or will when its reader is done. */
interface Entry<R extends PrefixSource> {
  readonly key: string;
  readonly text: PrefixText;
  readonly source: R | PrefixSource;
  /** null: the sequence belongs to the cache. */
  readonly reader: R | null;
  readonly bytes: number;
}

/** A block of tokens after those of the nodes above; `entries` are all that go through it. */
interface Node<R extends PrefixSource> {
  readonly next: Map<string, Node<R>>;
  readonly entries: Set<Entry<R>>;
}

/**
 * Finds sequences that begin as a prompt does, with the same weights: those of generations, which register what they read,
 * and those that generations have left behind, which are kept as far as memory goes; the one used least recently goes
 * first. Texts lie in a tree of blocks, compared token by token, so nothing is mistaken for something else.
 */
export class PrefixCache<R extends PrefixSource> implements SpareMemory {
  private readonly roots = new Map<string, Node<R>>();
  /** Least recently used first. */
  private readonly kept = new Set<Entry<R>>();
  private readonly registered = new Map<R, Entry<R>>();
  private keptBytes = 0;

  /** @param close frees a sequence of the cache */
  constructor(private readonly close: (sequence: number) => void) {}

  get bytes(): number {
    return this.keptBytes;
  }

  /** @param limit tokens of the prompt that may come from elsewhere */
  find(key: string, prompt: PrefixText, limit: number): FoundPrefix<R> {
    const path = this.path(key, prompt.blocks.slice(0, Math.floor(limit / PREFIX_BLOCK)));
    const now: { entry: Entry<R> | null; length: number } = { entry: null, length: 0 };
    const later: { reader: R | null; length: number } = { reader: null, length: 0 };
    for (const entry of path.at(-1)?.entries ?? []) {
      const common = commonLength(entry.text.tokens, prompt.tokens, path.length * PREFIX_BLOCK, limit);
      const length = Math.min(common, entry.source.read);
      if (length > now.length) Object.assign(now, { entry, length });
      if (common > length && common > later.length) Object.assign(later, { reader: entry.reader, length: common });
    }
    const reader = later.length > now.length ? later.reader : null;
    if (!now.entry || now.length < PREFIX_BLOCK) return { length: 0, source: null, reader };
    this.touch(now.entry);
    return { length: now.length, source: now.entry.source, reader };
  }

  /** From here on others find what the reader has read of its prompt, and wait for the rest. Not if others have it all. */
  register(key: string, prompt: PrefixText, reader: R): void {
    const blocks = prompt.blocks.length;
    if (blocks === 0 || this.path(key, prompt.blocks).length === blocks) return;
    const entry = { key, text: prompt, source: reader, reader, bytes: 0 };
    this.registered.set(reader, entry);
    this.add(entry);
  }

  /**
   * Ends the registration of a reader. @param keep its whole text and bytes, if the cache may have its sequence
   * @returns whether the sequence belongs to the cache now
   */
  leave(reader: R, keep: { readonly text: PrefixText; readonly bytes: number } | null): boolean {
    const entry = this.registered.get(reader);
    if (!entry) return false;
    this.registered.delete(reader);
    this.remove(entry);
    if (!keep) return false;
    const { sequence } = reader;
    const kept = { ...entry, ...keep, source: { sequence, read: keep.text.tokens.length }, reader: null };
    this.add(kept);
    this.kept.add(kept);
    this.keptBytes += kept.bytes;
    this.dropWithin(kept);
    return true;
  }

  /** Nothing is found for this key any more. */
  forget(key: string): void {
    this.roots.delete(key);
    for (const [reader, entry] of this.registered) if (entry.key === key) this.registered.delete(reader);
    for (const entry of this.kept) if (entry.key === key) this.drop(entry);
  }

  shrinkTo(bytes: number): void {
    for (const entry of this.kept) {
      if (this.keptBytes <= bytes) return;
      this.drop(entry);
    }
  }

  private touch(entry: Entry<R>): void {
    if (this.kept.delete(entry)) this.kept.add(entry);
  }

  private drop(entry: Entry<R>): void {
    this.remove(entry);
    this.kept.delete(entry);
    this.keptBytes -= entry.bytes;
    this.close(entry.source.sequence);
  }

  /** What is a beginning of the new text, but for less than a block, is of no more use. */
  private dropWithin(kept: Entry<R>): void {
    this.path(kept.key, kept.text.blocks).forEach(({ entries }, depth) => {
      for (const entry of entries) {
        if (entry !== kept && entry.text.blocks.length === depth + 1 && this.kept.has(entry)) this.drop(entry);
      }
    });
  }

  private add(entry: Entry<R>): void {
    let node = this.roots.get(entry.key) ?? newNode<R>();
    this.roots.set(entry.key, node);
    for (const block of entry.text.blocks) {
      const next = node.next.get(block) ?? newNode<R>();
      node.next.set(block, next);
      next.entries.add(entry);
      node = next;
    }
  }

  private remove(entry: Entry<R>): void {
    const root = this.roots.get(entry.key);
    if (!root) return;
    let node = root;
    for (const block of entry.text.blocks) {
      const next: Node<R> = node.next.get(block)!;
      next.entries.delete(entry);
      if (next.entries.size === 0) node.next.delete(block);
      node = next;
    }
    if (root.next.size === 0) this.roots.delete(entry.key);
  }

  /** The nodes of these blocks, as far as there are any. */
  private path(key: string, blocks: readonly string[]): Node<R>[] {
    const path: Node<R>[] = [];
    let node = this.roots.get(key);
    for (const block of blocks) {
      node = node?.next.get(block);
      if (!node) break;
      path.push(node);
    }
    return path;
  }
}

function newNode<R extends PrefixSource>(): Node<R> {
  return { next: new Map(), entries: new Set() };
}

/** @param from tokens that are known to be equal */
function commonLength(a: Int32Array, b: Int32Array, from: number, limit: number): number {
  const most = Math.min(a.length, b.length, limit);
  let length = from;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
