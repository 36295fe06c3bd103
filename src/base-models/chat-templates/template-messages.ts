import { invalid } from '../../common/json/json-fields.js';
import { type ChatMessage, type TextPart } from './conversation.js';

/** What has to be known of a chat template before messages are given to it. */
export interface TemplateTraits {
  /** Whether the template's source names a role. */
  names(role: string): boolean;
  /** Whether the template reads content that is a list of text parts. */
  readsParts(): Promise<boolean>;
}

/** Roles that templates often print as they are, so that their sources need not name them. */
const COMMON_ROLES = ['system', 'user', 'assistant', 'tool'];

/**
 * Messages as the template reads them:
 * - OpenAI's `developer` is `system` for templates that do not know it.
 * - Text parts are joined by line ends for templates that read strings only, which would print the list.
 *
 * @throws InvalidRequestError for a role that neither is common nor named by the template: it would be printed.
 */
export async function templateMessages(
  messages: readonly ChatMessage[],
  traits: TemplateTraits,
  field: string,
): Promise<ChatMessage[]> {
  const hasParts = messages.some(({ content }) => Array.isArray(content));
  const joinsParts = hasParts && !(await traits.readsParts());
  return messages.map((message, i) => ({
    ...message,
    role: roleFor(message.role, traits, `${field}[${i}].role`),
    ...(joinsParts && isParts(message.content) ? { content: joined(message.content) } : {}),
  }));
}

function roleFor(role: string, traits: TemplateTraits, field: string): string {
  if (COMMON_ROLES.includes(role) || traits.names(role)) return role;
  if (role === 'developer') return 'system';
  throw invalid(
    field,
    `is ${JSON.stringify(role)}, which the model's chat template does not support.`,
    `Use one of ${COMMON_ROLES.join(', ')}.`,
  );
}

function isParts(content: ChatMessage['content']): content is readonly TextPart[] {
  return Array.isArray(content);
}

function joined(parts: readonly TextPart[]): string {
  return parts.map(({ text }) => text).join('\n');
}
