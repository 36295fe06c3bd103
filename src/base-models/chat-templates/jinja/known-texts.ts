/** Characters that are kept, with those of the requests. */
const MAX_CHARACTERS = 2 ** 20;

/** What a template has written, by the requests for it. Once that is too much, it is all forgotten. */
export class KnownTexts {
  private readonly texts = new Map<string, string>();
  private characters = 0;

  constructor(private readonly maxCharacters = MAX_CHARACTERS) {}

  /** @throws what `write` throws, which is not kept */
  async get(request: string, write: () => Promise<string>): Promise<string> {
    const known = this.texts.get(request);
    if (known !== undefined) return known;
    const text = await write();
    this.keep(request, text);
    return text;
  }

  private keep(request: string, text: string): void {
    const length = request.length + text.length;
    if (length > this.maxCharacters || this.texts.has(request)) return;
    if (this.characters + length > this.maxCharacters) {
      this.texts.clear();
      this.characters = 0;
    }
    this.texts.set(request, text);
    this.characters += length;
  }
}
