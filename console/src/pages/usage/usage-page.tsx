import { type JSX } from 'preact';
import { Card, Empty, Fields, Loaded, Page } from '../../components/basics.js';
import { Chart } from '../../components/chart.js';
import { Table } from '../../components/table.js';
import { operatorRoutes, type OperatorSchemas } from '../../lib/api.js';
import { compact, plain, seconds } from '../../lib/format.js';
import { useResource } from '../../lib/resource.js';
import { useSession } from '../../lib/session.js';
import { Keys } from './keys.js';

type Event = OperatorSchemas['UsageEventDto'];

const HOUR_MS = 3600_000;
const HOURS = 48;

/** What one model has used. */
interface ModelUsage {
  readonly model: string;
  readonly requests: number;
  readonly trained: number;
  readonly sampled: number;
  readonly prompt: number;
  readonly seconds: number;
}

export function UsagePage(): JSX.Element {
  const { session } = useSession();
  const usage = useResource(async (signal) => {
    const from = new Date(Date.now() - HOURS * HOUR_MS).toISOString();
    const params = { query: { starting_on: from, ending_before: new Date(Date.now() + HOUR_MS).toISOString() } };
    return (await operatorRoutes.GET('/api/v1/billing/usage/events', { params, signal })).data?.data ?? [];
  }, []);
  const key = session?.asks_for_key ? `${session.key_name ?? 'Key'} (${session.key_id})` : 'No keys are asked for';
  return (
    <Page title="Keys and usage" note={`The last ${HOURS} hours of this key.`}>
      <Card>
        <Fields
          of={[
            ['Key', key],
            ['Role', session?.is_operator ? 'Operator' : 'Client'],
          ]}
        />
      </Card>
      <Loaded of={usage}>{(events) => <Usage of={events} />}</Loaded>
      {session?.is_operator && session.asks_for_key && <Keys />}
    </Page>
  );
}

function Usage({ of }: { readonly of: readonly Event[] }): JSX.Element {
  const hours = hoursOf(of);
  return (
    <>
      <Card>
        <Chart
          title="Tokens per hour"
          x={hours.map(({ at }) => at / 1000)}
          curves={[
            { label: 'trained', values: hours.map(({ trained }) => trained) },
            { label: 'sampled', values: hours.map(({ sampled }) => sampled) },
          ]}
          isTime
          fromZero
          format={compact}
        />
      </Card>
      <Card title="By model" flush>
        <Table
          label="Usage by model"
          rows={byModel(of)}
          keyOf={({ model }) => model}
          empty={<Empty title="Nothing was used" />}
          columns={[
            { name: 'Model', cell: ({ model }) => <span class="name">{model}</span> },
            { name: 'Requests', isNumber: true, cell: ({ requests }) => plain(requests) },
            { name: 'Trained', isNumber: true, cell: ({ trained }) => compact(trained) },
            { name: 'Prompt', isNumber: true, isMinor: true, cell: ({ prompt }) => compact(prompt) },
            { name: 'Sampled', isNumber: true, cell: ({ sampled }) => compact(sampled) },
            { name: 'Running', isNumber: true, isMinor: true, cell: (one) => seconds(one.seconds) },
          ]}
        />
      </Card>
    </>
  );
}

function tokensOf({ event_info: info }: Event, type: string): number {
  return 'token_count' in info && info.type === type ? info.token_count : 0;
}

/** Every hour of the range, those without use as well. */
function hoursOf(events: readonly Event[]): { at: number; trained: number; sampled: number }[] {
  const last = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  return Array.from({ length: HOURS }, (_, i) => {
    const at = last - (HOURS - 1 - i) * HOUR_MS;
    const own = events.filter((event) => Date.parse(event.bucket_start) === at);
    const sum = (type: string): number => own.reduce((total, event) => total + tokensOf(event, type), 0);
    return { at, trained: sum('training'), sampled: sum('sampling_sample') };
  });
}

function byModel(events: readonly Event[]): ModelUsage[] {
  const usage = new Map<string, ModelUsage>();
  for (const event of events) {
    const last = usage.get(event.model_id);
    usage.set(event.model_id, {
      model: event.model_id,
      requests: (last?.requests ?? 0) + event.requests,
      trained: (last?.trained ?? 0) + tokensOf(event, 'training'),
      sampled: (last?.sampled ?? 0) + tokensOf(event, 'sampling_sample'),
      prompt: (last?.prompt ?? 0) + tokensOf(event, 'sampling_prefill'),
      seconds: (last?.seconds ?? 0) + event.running_seconds,
    });
  }
  return [...usage.values()].sort((a, b) => b.trained + b.sampled - (a.trained + a.sampled));
}
