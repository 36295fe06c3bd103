/** One drawn token on its way to a streaming client: sequence, position in it, token id. */
export type TokenTriple = readonly [index: number, position: number, token: number];

/** Payload of the channel tokenStream, as JSON. */
export interface TokenEvents {
  readonly request_id: string;
  readonly tokens: readonly TokenTriple[];
}
