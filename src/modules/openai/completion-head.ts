/** What all answers and chunks of one request have in common. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** As the client named it. */
  readonly model: string;
}

/** The id holds that of the request, with which /retrieve_future gives the result again. */
export function completionHead(kind: 'chatcmpl' | 'cmpl', requestId: string, model: string): CompletionHead {
  return { id: `${kind}-${requestId}`, created: Math.floor(Date.now() / 1000), model };
}
