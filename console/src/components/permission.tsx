import { type ComponentChildren, type JSX } from 'preact';
import { type Session, useSession } from '../lib/session.js';

export type Scope = Session['scopes'][number];

/** Why the key of the session may not do what needs this scope; undefined when it may. */
export function useRefusal(needs: Scope | undefined): string | undefined {
  const { session } = useSession();
  if (needs === undefined || session?.scopes.includes(needs)) return undefined;
  return `This key lacks the scope “${needs}”.`;
}

interface ActionButtonProps {
  readonly children: ComponentChildren;
  readonly needs?: Scope | undefined;
  /** Why this cannot be done at all. */
  readonly refusal?: string | undefined;
  readonly tone?: string;
  readonly isDisabled?: boolean;
  /** Without it, the button submits its form. */
  readonly onClick?: () => void;
}

/** A button for what changes something. Where that is refused it does nothing, and says why when it is pointed at or focused. */
export function ActionButton({ children, needs, refusal, tone, isDisabled, onClick }: ActionButtonProps): JSX.Element {
  const missing = useRefusal(needs);
  const reason = refusal ?? missing;
  const act = (event: Event): void => {
    if (reason !== undefined) event.preventDefault();
    else onClick?.();
  };
  return (
    <button
      type={onClick ? 'button' : 'submit'}
      class={tone}
      disabled={isDisabled}
      title={reason}
      aria-disabled={reason !== undefined || undefined}
      onClick={act}
    >
      {children}
    </button>
  );
}

/** Says at the top of a page what is disabled on it, also where nothing can be pointed at. */
export function ScopeNotice({
  needs,
  children,
}: {
  readonly needs: Scope;
  readonly children: string;
}): JSX.Element | null {
  const reason = useRefusal(needs);
  return reason === undefined ? null : (
    <p class="notice">
      {reason} {children}
    </p>
  );
}
