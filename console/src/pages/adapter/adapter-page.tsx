import { type JSX } from 'preact';
import { Card, Fields, Loaded, Page, Time } from '../../components/basics.js';
import { routes, type Schemas } from '../../lib/api.js';
import { compact, plain } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { Link, useQuery } from '../../lib/router.js';
import { stateOf } from '../adapters-page.js';
import { AdapterActions } from './adapter-actions.js';
import { AdapterCheckpoints } from './adapter-checkpoints.js';
import { AdapterCurves } from './adapter-curves.js';
import { AdapterHistory } from './adapter-history.js';
import { AdapterSamples } from './adapter-samples.js';

type Adapter = Schemas['AdapterDto'];

const TABS = [
  ['', 'Curves'],
  ['history', 'History'],
  ['checkpoints', 'Checkpoints'],
  ['samples', 'Samples'],
] as const;

export function AdapterPage({ name }: { readonly name: string }): JSX.Element {
  const [tab] = useQuery('tab');
  const path = { model_id: name };
  const adapter = useResource(
    async (signal) => (await routes.GET('/adapters/{model_id}', { params: { path }, signal })).data,
    [name],
  );
  useSettled((operation) => operation.model_id === name, adapter.reload, 800);
  return (
    <Page title={name} parent={{ to: '/adapters', label: 'Adapters' }} actions={<AdapterActions name={name} />}>
      <Loaded of={adapter}>{(data) => data && <Facts of={data} />}</Loaded>
      <nav class="tabs" aria-label="Parts of the adapter">
        {TABS.map(([id, label]) => (
          <Link
            key={id}
            to={`/adapters/${encodeURIComponent(name)}${id === '' ? '' : `?tab=${id}`}`}
            aria-current={tab === id ? 'page' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      {tab === '' && <AdapterCurves name={name} />}
      {tab === 'history' && <AdapterHistory name={name} />}
      {tab === 'samples' && adapter.data && <AdapterSamples of={adapter.data} />}
      {tab === 'checkpoints' && <AdapterCheckpoints name={name} />}
    </Page>
  );
}

function Facts({ of: adapter }: { readonly of: Adapter }): JSX.Element {
  const { lora_config: lora } = adapter;
  return (
    <Card>
      <Fields
        of={[
          ['State', stateOf(adapter)],
          ['Step', plain(adapter.step)],
          ['Base model', <span class="name">{adapter.base_model}</span>],
          ['LoRA', `rank ${lora.rank}, alpha ${lora.alpha}${lora.dropout > 0 ? `, dropout ${lora.dropout}` : ''}`],
          ['Parameters', compact(adapter.trainable_params)],
          ['Modules', <span title={lora.target_modules.join(', ')}>{lora.target_modules.length}</span>],
          ['Created', <Time at={adapter.created_at} />],
          ['Last used', <Time at={adapter.last_used_at} />],
        ]}
      />
      {adapter.diverged_at_step !== null && (
        <p class="problem">
          A repeat of the log gave other numbers than the first run at step {adapter.diverged_at_step}.
        </p>
      )}
    </Card>
  );
}
