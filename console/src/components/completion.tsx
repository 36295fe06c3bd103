import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Sample, type ShownToken } from '../lib/sample.js';

/** Classes of tokens by their probability, from the least likely on. */
const CLASSES: readonly (readonly [number, string])[] = [
  [0.05, 'rare'],
  [0.3, 'unlikely'],
  [0.7, 'possible'],
  [1.01, 'likely'],
];

/** The tokens of a completion. Under the pointer, or by the arrow keys, each shows its probability. */
export function Completion({
  label,
  of: { tokens, state },
}: {
  readonly label: string;
  readonly of: Sample;
}): JSX.Element {
  const [shown, setShown] = useState<number | null>(null);
  const token = shown === null ? undefined : tokens[shown];
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || tokens.length === 0) return;
    event.preventDefault();
    setShown(Math.min(Math.max((shown ?? -1) + step, 0), tokens.length - 1));
  };
  return (
    <>
      <div
        class="completion"
        role="group"
        aria-label={label}
        aria-busy={state === 'writing'}
        tabIndex={0}
        onKeyDown={move}
        onMouseLeave={() => setShown(null)}
      >
        {tokens.map((one, i) => (
          <span key={i} class={`token ${classOf(one)}${i === shown ? ' here' : ''}`} onMouseEnter={() => setShown(i)}>
            {one.text}
          </span>
        ))}
        {state === 'writing' && <span class="caret" />}
      </div>
      <p class="token-note faint" aria-live="polite">
        {token === undefined ? hintOf(tokens) : describe(token)}
      </p>
    </>
  );
}

function classOf({ logprob }: ShownToken): string {
  if (logprob === null) return '';
  const probability = Math.exp(logprob);
  return CLASSES.find(([below]) => probability < below)?.[1] ?? '';
}

function hintOf(tokens: readonly ShownToken[]): string {
  const logprobs = tokens.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]));
  if (logprobs.length === 0) return '';
  const mean = logprobs.reduce((sum, one) => sum + one, 0) / logprobs.length;
  return `Mean log-prob ${mean.toFixed(3)}. Point at a token to see its own.`;
}

function describe({ text, logprob }: ShownToken): string {
  const name = JSON.stringify(text);
  if (logprob === null) return name;
  return `${name}: log-prob ${logprob.toFixed(3)}, probability ${(Math.exp(logprob) * 100).toFixed(1)} %`;
}
