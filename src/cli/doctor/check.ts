/** What the doctor found out about one thing. A warning leaves the service usable; a problem does not. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, status: 'ok', detail });

export const warning = (name: string, detail: string, remedy: string): Finding => ({
  name,
  status: 'warning',
  detail,
  remedy,
});

export const problem = (name: string, detail: string, remedy: string): Finding => ({
  name,
  status: 'problem',
  detail,
  remedy,
});
