import { type Metadata } from '../../common/http/validation/is-metadata.js';

/** What a client sent to be answered, as its dialect was read. */
export type CapturedInput = CapturedChat | CapturedText | CapturedTokens;

export interface CapturedChat {
  readonly kind: 'chat';
  /** In the form that `/generate` takes. */
  readonly messages: unknown;
  readonly tools?: readonly object[] | undefined;
  /** Whether the last message is the beginning of the answer. */
  readonly continuesAnswer: boolean;
}

export interface CapturedText {
  readonly kind: 'text';
  readonly prompt: string;
}

/** Token ids alone, which the capture holds anyway. */
export interface CapturedTokens {
  readonly kind: 'tokens';
}

/** What is kept of a request besides its tokens. */
export interface CapturedRequest {
  readonly input: CapturedInput;
  readonly metadata: Metadata;
}

/** A sampling request that is in the log, to be kept. */
export interface NewCapture extends CapturedRequest {
  readonly requestId: string;
  readonly model: string;
  readonly baseModel: string;
  readonly prompt: Int32Array;
  readonly choices: number;
}
