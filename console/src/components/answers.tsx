import { type JSX } from 'preact';
import { IDLE, type Sample, type Samples } from '../lib/sample.js';
import { Card, Empty } from './basics.js';
import { Completion } from './completion.js';

/** A model whose completion is shown. */
export interface Answering {
  readonly title: string;
  readonly model: string;
  /** A short name of the model, where it has one. */
  readonly name?: string;
}

/** The completions of several models side by side. */
export function Answers({
  by,
  of: { samples, seed },
}: {
  readonly by: readonly Answering[];
  readonly of: Samples;
}): JSX.Element {
  return (
    <>
      <div class={by.length === 3 ? 'grid three' : 'grid two'}>
        {by.map(({ model, ...answering }) => (
          <Answer key={model} {...answering} model={model} sample={samples[model] ?? IDLE} />
        ))}
      </div>
      {seed !== null && <p class="faint">All of them with seed {seed}.</p>}
    </>
  );
}

function Answer({ title, model, name = model, sample }: Answering & { readonly sample: Sample }): JSX.Element {
  const rate = sample.rate === null ? '' : `${sample.rate.toFixed(1)} tok/s`;
  const end = sample.stopReason === 'length' ? 'cut at the limit of tokens' : sample.stopReason;
  return (
    <Card
      title={
        <>
          {title} <span class="name muted">{name}</span>
        </>
      }
      aside={[rate, end].filter(Boolean).join(', ')}
    >
      {sample.state === 'idle' ? (
        <Empty title="The answer appears here" />
      ) : sample.error === null ? (
        <Completion label={`Answer of ${model}`} of={sample} />
      ) : (
        <p class="problem" role="alert">
          {sample.error}
        </p>
      )}
    </Card>
  );
}
