/**
 * What is used of @huggingface/tokenizers. Its own declarations import each other without file extensions, which does
 * not resolve in an ES module, so without this everything from it would be `any`.
 */
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    /** The contents of tokenizer.json and tokenizer_config.json. */
    constructor(tokenizer: object, config: object);
    encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] };
    /** The tokens must not be empty. */
    decode(
      tokens: number[],
      options?: { skip_special_tokens?: boolean; clean_up_tokenization_spaces?: boolean | null },
    ): string;
    token_to_id(token: string): number | undefined;
    id_to_token(id: number): string | undefined;
    get_vocab(): Map<string, number>;
  }
}
