import { type SamplingOrder } from '../../generation/index.js';

/** A message to write. */
export interface MessageOrder {
  readonly order: SamplingOrder;
  /** As the client named it. */
  readonly model: string;
  /** As the client wrote them. */
  readonly stopSequences: readonly string[];
  /** Whether the context ends before the number of tokens that the client allows. */
  readonly endsWithContext: boolean;
}
