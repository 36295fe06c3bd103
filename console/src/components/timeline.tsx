import { type JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { seconds } from '../lib/format.js';
import { Link } from '../lib/router.js';

/** An operation in time, in milliseconds since 1970. */
export interface Span {
  readonly id: string;
  readonly label: string;
  readonly to: string;
  readonly accepted: number;
  readonly started: number;
  readonly finished: number;
  readonly isFailed: boolean;
  readonly isMarked: boolean;
}

/** Bars under each other on one scale: how long each waited, and how long it ran. */
export function Timeline({ spans }: { readonly spans: readonly Span[] }): JSX.Element {
  const from = spans.reduce((first, { accepted }) => Math.min(first, accepted), Infinity);
  const to = spans.reduce((last, { finished }) => Math.max(last, finished), -Infinity);
  const whole = Math.max(to - from, 1);
  return (
    <div class="timeline">
      <div class="timeline-key faint">
        <span class="key waited">waited</span>
        <span class="key ran">ran</span>
        <span class="timeline-scale">{seconds(whole / 1000)}</span>
      </div>
      <ol>
        {spans.map((span) => (
          <li key={span.id} class={span.isMarked ? 'marked' : ''}>
            <Link to={span.to}>{span.label}</Link>
            <span
              class="bars"
              title={`waited ${between(span.accepted, span.started)}, ran ${between(span.started, span.finished)}`}
            >
              <Bar kind="waited" left={(span.accepted - from) / whole} width={(span.started - span.accepted) / whole} />
              <Bar
                kind={span.isFailed ? 'failed' : 'ran'}
                left={(span.started - from) / whole}
                width={(span.finished - span.started) / whole}
              />
            </span>
            <span class="num">{between(span.accepted, span.finished)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function between(from: number, to: number): string {
  return seconds(Math.max(0, to - from) / 1000);
}

interface BarProps {
  readonly kind: 'waited' | 'ran' | 'failed';
  /** Shares of the whole. */
  readonly left: number;
  readonly width: number;
}

/** Its position is set by script: the policy of the page allows no styles in its markup. */
function Bar({ kind, left, width }: BarProps): JSX.Element {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    bar.current?.style.setProperty('left', `${left * 100}%`);
    bar.current?.style.setProperty('width', `${width * 100}%`);
  }, [left, width]);
  return <span ref={bar} class={`bar ${kind}`} />;
}
