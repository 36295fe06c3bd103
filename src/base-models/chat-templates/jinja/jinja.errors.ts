/** What a chat template itself says or Jinja2 says about it: a syntax error, a refusal of the messages, a failing expression. */
export class TemplateError extends Error {}

/** The template did not end within its time; its thread was stopped. */
export class TemplateTimeoutError extends TemplateError {
  constructor(timeoutMs: number) {
    super(`it did not finish within ${timeoutMs / 1000} seconds and was stopped.`);
  }
}
