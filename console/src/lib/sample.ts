import { useRef, useState } from 'preact/hooks';
import { client, messageOf, type Schemas } from './api.js';

/** A token of a completion as it is shown. */
export interface ShownToken {
  readonly text: string;
  /** Natural logarithm of its probability; null until the completion is complete. */
  readonly logprob: number | null;
}

export interface Sample {
  readonly tokens: readonly ShownToken[];
  readonly state: 'idle' | 'writing' | 'done' | 'failed';
  readonly error: string | null;
  readonly stopReason: string | null;
  /** Tokens per second. */
  readonly rate: number | null;
}

export type SampleRequest = Pick<
  Schemas['GenerateDto'],
  'model_id' | 'messages' | 'max_new_tokens' | 'temperature' | 'top_p' | 'seed'
>;

const IDLE: Sample = { tokens: [], state: 'idle', error: null, stopReason: null, rate: null };

/** A completion that is written while one looks on. */
export function useSample(): {
  readonly sample: Sample;
  readonly start: (request: SampleRequest) => void;
  readonly stop: () => void;
} {
  const [sample, setSample] = useState<Sample>(IDLE);
  const running = useRef<AbortController | undefined>(undefined);
  const stop = (): void => {
    running.current?.abort();
    setSample((last) => (last.state === 'writing' ? { ...last, state: 'done', stopReason: 'stopped' } : last));
  };
  const start = (request: SampleRequest): void => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const show = (next: Sample): void => {
      if (!controller.signal.aborted) setSample(next);
    };
    show({ ...IDLE, state: 'writing' });
    void write(request, controller.signal, show).catch((error: unknown) =>
      show({ ...IDLE, state: 'failed', error: messageOf(error) }),
    );
  };
  return { sample, start, stop };
}

async function write(request: SampleRequest, signal: AbortSignal, show: (sample: Sample) => void): Promise<void> {
  const began = performance.now();
  const stream = client.stream({ ...request, logprobs: true }, { signal });
  const texts: string[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    const seconds = (performance.now() - began) / 1000;
    if (done) {
      const [sequence] = value.sequences;
      const tokens = texts.map((text, i) => ({ text, logprob: sequence?.logprobs?.[i] ?? null }));
      const rate = (sequence?.tokens.length ?? 0) / seconds;
      return show({ tokens, state: 'done', error: null, stopReason: sequence?.stop_reason ?? null, rate });
    }
    if (value.token === null) texts.push(`${texts.pop() ?? ''}${value.text}`);
    else texts.push(value.text);
    const tokens = texts.map((text) => ({ text, logprob: null }));
    show({ tokens, state: 'writing', error: null, stopReason: null, rate: texts.length / seconds });
  }
}
