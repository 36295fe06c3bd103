/** Tokens and their log-probs, k for each of some positions in a text: matrices [rows, k], row by row. */
export interface TokenTable {
  readonly k: number;
  readonly tokens: Int32Array;
  readonly logprobs: Float32Array;
}

/**
 * The most likely tokens at positions of a text, most likely first. A cell without a token (the first position has nothing before
 * it) has token 0 and log-prob NO_TOKEN.
 */
export type TopTokens = TokenTable;

/** Stands for "no token here" and is finite, so that every encoding can carry it. */
export const NO_TOKEN = -99_999;

export function emptyTopTokens(rows: number, k: number): TopTokens {
  return { k, tokens: new Int32Array(rows * k), logprobs: new Float32Array(rows * k).fill(NO_TOKEN) };
}

/** Fills a row from the log-probs of all tokens, given as scores minus `shift`. Of equals the lower token comes first. */
export function putTopTokens(top: TopTokens, row: number, scores: ArrayLike<number>, shift: number): void {
  const { k } = top;
  const tokens: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity;
    const worst = tokens.length < k ? -Infinity : (scores[tokens.at(-1) ?? 0] ?? -Infinity);
    if (!(score > worst)) continue;
    let at = tokens.length;
    while (at > 0 && (scores[tokens[at - 1] ?? 0] ?? -Infinity) < score) at--;
    tokens.splice(at, 0, token);
    if (tokens.length > k) tokens.pop();
  }
  tokens.forEach((token, i) => {
    top.tokens[row * k + i] = token;
    top.logprobs[row * k + i] = (scores[token] ?? 0) - shift;
  });
}

/** Tables with the same k, one below the other. */
export function joinTokenTables(tables: readonly TokenTable[], k: number): TokenTable {
  const cells = tables.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const joined = { k, tokens: new Int32Array(cells), logprobs: new Float32Array(cells) };
  let at = 0;
  for (const { tokens, logprobs } of tables) {
    joined.tokens.set(tokens, at);
    joined.logprobs.set(logprobs, at);
    at += tokens.length;
  }
  return joined;
}
