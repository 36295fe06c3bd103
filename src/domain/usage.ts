/** What an operation has used, in tokens. */
export interface Usage {
  /** Read before the first token was sampled; once per request, however many sequences were sampled. */
  readonly promptTokens: number;
  /** Through forward or forward_backward. */
  readonly trainedTokens: number;
  readonly sampledTokens: number;
}

export const NO_USAGE: Usage = { promptTokens: 0, trainedTokens: 0, sampledTokens: 0 };
