import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Card, Empty, Page } from '../components/basics.js';
import { Completion } from '../components/completion.js';
import { Select, TextArea, TextField } from '../components/forms.js';
import { ActionButton } from '../components/permission.js';
import { routes, type Schemas } from '../lib/api.js';
import { useResource } from '../lib/resource.js';
import { useQuery } from '../lib/router.js';
import { type Sample, type SampleRequest, useSample } from '../lib/sample.js';

const SHOWN_ADAPTERS = 200;

interface Prompt {
  readonly system: string;
  readonly message: string;
  readonly temperature: string;
  readonly maxTokens: string;
  readonly seed: string;
}

const DEFAULTS: Prompt = {
  system: '',
  message: 'Hello! What can you do?',
  temperature: '0.7',
  maxTokens: '64',
  seed: '',
};

/** One prompt, answered by the base model and by an adapter side by side. */
export function PlaygroundPage(): JSX.Element {
  const [chosen, choose] = useQuery('adapter');
  const [prompt, setPrompt] = useState(DEFAULTS);
  const adapters = useResource(async (signal) => {
    const { data } = await routes.GET('/adapters', { params: { query: { limit: SHOWN_ADAPTERS } }, signal });
    return data?.adapters ?? [];
  }, []);
  const base = useSample();
  const tuned = useSample();
  const adapter = adapters.data?.find(({ model_id: name }) => name === chosen) ?? adapters.data?.[0];
  const isWriting = base.sample.state === 'writing' || tuned.sample.state === 'writing';
  const run = (): void => {
    if (isWriting) {
      base.stop();
      tuned.stop();
      return;
    }
    const request = requestOf(prompt);
    base.start({ ...request, model_id: adapter?.base_model ?? 'base' });
    if (adapter) tuned.start({ ...request, model_id: adapter.model_id });
  };
  return (
    <Page title="Playground" note="One prompt, answered by the base model and by an adapter.">
      <PromptForm
        of={prompt}
        onChange={setPrompt}
        adapters={adapters.data ?? []}
        adapter={adapter?.model_id ?? ''}
        onAdapter={choose}
        isWriting={isWriting}
        onRun={run}
      />
      <div class="grid two">
        <Answer title="Base model" name={adapter?.base_model ?? 'base'} sample={base.sample} />
        {adapter ? (
          <Answer title="Adapter" name={adapter.model_id} sample={tuned.sample} />
        ) : (
          <Card title="Adapter">
            <Empty title="There is no adapter yet" />
          </Card>
        )}
      </div>
    </Page>
  );
}

interface PromptFormProps {
  readonly of: Prompt;
  readonly onChange: (prompt: Prompt) => void;
  readonly adapters: readonly Schemas['AdapterDto'][];
  readonly adapter: string;
  readonly onAdapter: (name: string) => void;
  readonly isWriting: boolean;
  readonly onRun: () => void;
}

function PromptForm({ of, onChange, adapters, adapter, onAdapter, isWriting, onRun }: PromptFormProps): JSX.Element {
  const set = (name: keyof Prompt) => (value: string) => onChange({ ...of, [name]: value });
  const submit = (event: Event): void => {
    event.preventDefault();
    onRun();
  };
  const names = adapters.map(({ model_id: name, step }) => [name, `${name} (step ${step})`] as const);
  return (
    <Card>
      <form class="stack" onSubmit={submit}>
        <div class="grid two">
          <Select label="Adapter" value={adapter} onValue={onAdapter} options={names} />
          <div class="grid three narrow">
            <TextField label="Temperature" inputMode="decimal" value={of.temperature} onValue={set('temperature')} />
            <TextField label="Tokens" inputMode="numeric" value={of.maxTokens} onValue={set('maxTokens')} />
            <TextField label="Seed" inputMode="numeric" placeholder="Random" value={of.seed} onValue={set('seed')} />
          </div>
        </div>
        <TextField label="System message" placeholder="None" value={of.system} onValue={set('system')} />
        <TextArea label="Message" value={of.message} onValue={set('message')} rows={3} onSubmit={onRun} />
        <div class="toolbar">
          <p class="faint">Ctrl + Enter sends it.</p>
          <ActionButton needs="sample" tone="primary" isDisabled={of.message.trim() === ''}>
            {isWriting ? 'Stop' : 'Send'}
          </ActionButton>
        </div>
      </form>
    </Card>
  );
}

function requestOf({ system, message, temperature, maxTokens, seed }: Prompt): SampleRequest {
  const user = { role: 'user', content: message };
  return {
    messages: system.trim() === '' ? [user] : [{ role: 'system', content: system }, user],
    temperature: Number(temperature),
    max_new_tokens: Number(maxTokens),
    ...(seed.trim() !== '' && { seed: seed.trim() }),
  };
}

function Answer({
  title,
  name,
  sample,
}: {
  readonly title: string;
  readonly name: string;
  readonly sample: Sample;
}): JSX.Element {
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
        <Completion label={`Answer of ${name}`} of={sample} />
      ) : (
        <p class="problem" role="alert">
          {sample.error}
        </p>
      )}
    </Card>
  );
}
