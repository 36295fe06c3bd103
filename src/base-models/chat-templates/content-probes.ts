type Message = Readonly<Record<string, unknown>>;

/** A rendering split at the probes in it: pieces[k] stands before the probe of message order[k], the last at the end. */
export interface ProbedText {
  readonly order: readonly number[];
  readonly pieces: readonly string[];
}

/** Contents that stand for messages in renderings: words that occur nowhere else, and that templates leave alone. */
export class Probes {
  private readonly stem: string;
  private readonly pattern: RegExp;

  constructor(messages: readonly Message[], text: string) {
    const taken = text + JSON.stringify(messages);
    let number = 0;
    while (taken.includes(`probe${number}of`)) number++;
    this.stem = `probe${number}of`;
    this.pattern = new RegExp(`${this.stem}(\\d+)x`);
  }

  /** The messages, with the content of the chosen ones replaced. */
  replace(messages: readonly Message[], chosen: (index: number) => boolean): Message[] {
    return messages.map((message, i) => {
      if (!chosen(i)) return message;
      const probe = `${this.stem}${i}x`;
      return { ...message, content: Array.isArray(message['content']) ? [{ type: 'text', text: probe }] : probe };
    });
  }

  split(text: string): ProbedText {
    const parts = text.split(this.pattern);
    return {
      order: parts.filter((_, i) => i % 2 === 1).map(Number),
      pieces: parts.filter((_, i) => i % 2 === 0),
    };
  }
}

/** The content of a message that a user could have sent next: templates that read parts are given parts. */
export function contentOf(messages: readonly Message[]): unknown {
  return messages.find(({ role }) => role === 'user')?.['content'] ?? 'Go on.';
}
