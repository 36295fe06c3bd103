import { type ChatMessage } from '../base-models/chat-templates/conversation.js';

/**
 * A row of a file of training data, whatever shape it came in. Messages are in the form that requests take them in
 * (docs/conversations.md), so that they may carry a `weight`; nothing is known here of a base model or its context.
 */
export type TrainingExample = ChatExample | CompletionExample | PreferenceExample;

export type ExampleKind = TrainingExample['kind'];

/** A conversation whose assistant's messages are trained. */
export interface ChatExample {
  readonly kind: 'chat';
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly object[];
}

/** Plain text without a chat template; the completion is trained. */
export interface CompletionExample {
  readonly kind: 'completion';
  readonly prompt: string;
  readonly completion: string;
}

/** A conversation with a better and a worse continuation, which are messages of the assistant. */
export interface PreferenceExample {
  readonly kind: 'preference';
  readonly prompt: readonly ChatMessage[];
  readonly preferred: readonly ChatMessage[];
  readonly rejected: readonly ChatMessage[];
  readonly tools?: readonly object[];
}
