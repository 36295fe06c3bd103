import { type ComponentChildren, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../lib/api.js';
import { ago, clock, words } from '../lib/format.js';
import { type Resource } from '../lib/resource.js';
import { Link } from '../lib/router.js';

interface WithChildren {
  readonly children?: ComponentChildren;
}

interface PageProps extends WithChildren {
  readonly title: ComponentChildren;
  /** The page above this one. */
  readonly parent?: { readonly to: string; readonly label: string };
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
}

export function Page({ title, parent, note, actions, children }: PageProps): JSX.Element {
  useEffect(() => {
    if (typeof title === 'string') document.title = `${title} · Thinker`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {parent && (
            <Link to={parent.to} class="crumb">
              {parent.label}
            </Link>
          )}
          <h1>{title}</h1>
          {note && <p class="note">{note}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface CardProps extends WithChildren {
  readonly title?: ComponentChildren;
  readonly aside?: ComponentChildren;
  /** The content reaches to the edges, as tables do. */
  readonly flush?: boolean;
}

export function Card({ title, aside, flush = false, children }: CardProps): JSX.Element {
  return (
    <section class={flush ? 'card flush' : 'card'}>
      {(title ?? aside) && (
        <div class="card-head">
          <h2>{title}</h2>
          {aside && <div class="aside">{aside}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

export function Stat({
  label,
  value,
  unit,
  note,
}: {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly unit?: string;
  readonly note?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="stat">
      <span class="stat-label">{label}</span>
      <span class="stat-value">
        {value}
        {unit && <small> {unit}</small>}
      </span>
      <span class="stat-note">{note}</span>
    </div>
  );
}

export type Tone = 'neutral' | 'good' | 'busy' | 'bad' | 'warn';

const TONES: Readonly<Record<string, Tone>> = {
  completed: 'good',
  succeeded: 'good',
  processed: 'good',
  idle: 'neutral',
  failed: 'bad',
  running: 'busy',
  busy: 'busy',
  queued: 'neutral',
  pending: 'neutral',
  cancelled: 'warn',
  paused: 'warn',
};

export function Badge({ status, tone }: { readonly status: string; readonly tone?: Tone }): JSX.Element {
  return <span class={`badge ${tone ?? TONES[status] ?? 'neutral'}`}>{words(status)}</span>;
}

export function Time({ at }: { readonly at: string | number | null }): JSX.Element {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  if (at === null) return <span class="faint">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={clock(at)}>
      {ago(at)}
    </time>
  );
}

export function Problem({ error }: { readonly error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <p class="problem" role="alert">
      {messageOf(error)}
    </p>
  );
}

export function Empty({ title, children }: WithChildren & { readonly title: string }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** What was read, or why it could not be, or that it is on its way. */
export function Loaded<T>({
  of,
  children,
}: {
  readonly of: Resource<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  return (
    <>
      <Problem error={of.error} />
      {of.data === undefined ? of.error === undefined && <div class="skeleton" aria-busy="true" /> : children(of.data)}
    </>
  );
}

export function Fields({ of }: { readonly of: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="fields">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
