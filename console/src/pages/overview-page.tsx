import { type JSX } from 'preact';
import { Card, Empty, Page, Stat, Time } from '../components/basics.js';
import { Chart } from '../components/chart.js';
import { DrainButton, PauseButton } from '../components/operator-buttons.js';
import { Table } from '../components/table.js';
import { type Schemas } from '../lib/api.js';
import { compact, counted, megabytes, plain, seconds, words } from '../lib/format.js';
import { useLive } from '../lib/live.js';
import { Link } from '../lib/router.js';

type Overview = Schemas['OverviewDto'];
type Worker = Schemas['OverviewWorkerDto'];

export function OverviewPage(): JSX.Element {
  const { history } = useLive();
  const now = history.at(-1);
  const whose = now?.scope === 'own' ? 'What is yours' : 'All keys';
  return (
    <Page
      title="Overview"
      note={now && `${whose}, updated every two seconds.`}
      actions={now?.scope === 'all' && <PauseButton />}
    >
      {now === undefined ? <div class="skeleton tall" aria-busy="true" /> : <Now now={now} history={history} />}
    </Page>
  );
}

function Now({ now, history }: { readonly now: Overview; readonly history: readonly Overview[] }): JSX.Element {
  return (
    <>
      <Standstill now={now} />
      <Stats now={now} />
      <div class="grid two">
        <Card>
          <Rates history={history} />
        </Card>
        <Card>
          <Queue history={history} />
        </Card>
      </div>
      <Card title="Waiting" aside={now.queue.pending > 0 && `${plain(now.queue.pending)} in all`} flush>
        <Waiting of={now.queue.waiting} />
      </Card>
      <Card title="Running" flush>
        <Running of={now.queue.in_progress} />
      </Card>
      <Card title="Workers" flush>
        <Workers of={now.workers} isOperator={now.scope === 'all'} />
      </Card>
    </>
  );
}

function Standstill({ now: { queue } }: { readonly now: Overview }): JSX.Element | null {
  if (queue.standstill === null) return null;
  return (
    <p class="notice" role="status">
      No operation starts: {queue.standstill}.
    </p>
  );
}

function Stats({ now: { queue, rates, adapters, memory, workers } }: { readonly now: Overview }): JSX.Element {
  const oldest = queue.oldest_pending_s;
  return (
    <div class="stats">
      <Stat
        label="Running"
        value={plain(queue.running)}
        note={workers.length === 0 ? 'no worker is alive' : counted(workers.length, 'worker')}
      />
      <Stat
        label="Waiting"
        value={compact(queue.pending)}
        note={oldest === null || oldest === undefined ? 'nothing waits' : `oldest ${seconds(oldest)}`}
      />
      <Stat label="Trained" value={rate(rates?.trained_tokens_per_s)} unit="tok/s" note="mean of 30 s" />
      <Stat label="Sampled" value={rate(rates?.sampled_tokens_per_s)} unit="tok/s" note="mean of 30 s" />
      <Stat
        label="Last minute"
        value={compact(queue.settled_last_minute)}
        unit="done"
        note={`${plain(queue.failed_last_minute)} failed`}
      />
      <Stat label="Adapters" value={compact(adapters.total)} note={`${plain(adapters.resident)} in memory`} />
      <Stat
        label="Memory"
        value={megabytes(memory.process_mb)}
        note={memory.disk_writable ? `${megabytes(memory.disk_free_mb ?? 0)} disk free` : 'disk is not writable'}
      />
    </div>
  );
}

function rate(value: number | undefined): string {
  return value === undefined ? '–' : compact(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}

const timesOf = (history: readonly Overview[]): number[] => history.map(({ at }) => Date.parse(at) / 1000);

function Rates({ history }: { readonly history: readonly Overview[] }): JSX.Element {
  const curves = [
    { label: 'trained', values: history.map(({ rates }) => rates?.trained_tokens_per_s ?? null) },
    { label: 'sampled', values: history.map(({ rates }) => rates?.sampled_tokens_per_s ?? null) },
  ];
  return <Chart title="Tokens per second" x={timesOf(history)} curves={curves} isTime fromZero format={compact} />;
}

function Queue({ history }: { readonly history: readonly Overview[] }): JSX.Element {
  const curves = [
    { label: 'waiting', values: history.map(({ queue }) => queue.pending) },
    { label: 'running', values: history.map(({ queue }) => queue.running) },
  ];
  return <Chart title="Operations" x={timesOf(history)} curves={curves} isTime fromZero format={compact} />;
}

const operationCell = (one: Schemas['OpenOperationDto']): JSX.Element => (
  <Link to={`/operations/${one.request_id}`}>{words(one.kind)}</Link>
);

function Waiting({ of }: { readonly of: readonly Schemas['WaitingOperationDto'][] }): JSX.Element {
  return (
    <Table
      label="Operations that wait"
      rows={of}
      keyOf={(one) => one.request_id}
      empty={<Empty title="Nothing waits" />}
      columns={[
        { name: 'Operation', cell: operationCell },
        { name: 'Model', cell: (one) => <span class="name">{one.model_id}</span> },
        { name: 'Why', cell: (one) => sentence(one.reason) },
        { name: 'For', isNumber: true, cell: (one) => seconds(one.seconds) },
      ]}
    />
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Running({ of }: { readonly of: readonly Schemas['OpenOperationDto'][] }): JSX.Element {
  return (
    <Table
      label="Operations that run"
      rows={of}
      keyOf={(one) => one.request_id}
      empty={<Empty title="Nothing runs" />}
      columns={[
        { name: 'Operation', cell: operationCell },
        { name: 'Model', cell: (one) => <span class="name">{one.model_id}</span> },
        { name: 'For', isNumber: true, cell: (one) => seconds(one.seconds) },
      ]}
    />
  );
}

interface WorkersProps {
  readonly of: readonly Worker[];
  readonly isOperator: boolean;
}

function Workers({ of, isOperator }: WorkersProps): JSX.Element {
  return (
    <Table
      label="Workers"
      rows={of}
      keyOf={(one) => one.id}
      empty={<Empty title="No worker is alive">Start one with ROLE=worker or ROLE=all.</Empty>}
      columns={[
        { name: 'Worker', cell: (one) => <span title={one.id}>{one.hostname ?? one.id.slice(-6)}</span> },
        {
          name: 'Engine',
          cell: (one) => (
            <>
              {one.engine} <span class="faint">on {one.device}</span>
            </>
          ),
        },
        { name: 'Adapters', isNumber: true, cell: (one) => one.adapters ?? '–' },
        { name: 'Started', isMinor: true, cell: (one) => <Time at={one.started_at} /> },
        ...(isOperator ? [{ name: 'Memory', cell: (one: Worker) => <Memory of={one.memory} /> }] : []),
        ...(isOperator ? [{ name: 'Service', cell: (one: Worker) => <DrainButton of={one} /> }] : []),
      ]}
    />
  );
}

/** Of a worker and its machine, and of the ranks of its engine, which may be on other machines. */
function Memory({ of: memory }: { readonly of: Worker['memory'] }): JSX.Element {
  if (memory === null) return <span class="faint">–</span>;
  return (
    <ul class="memory">
      <li>
        {megabytes(memory.process_mb)}{' '}
        <span class="faint">
          {megabytes(memory.free_mb)} of {megabytes(memory.total_mb)} free
        </span>
      </li>
      {memory.ranks.map(({ rank, host, process_mb: own, gpu_held_mb: held, gpu_total_mb: total }) => (
        <li key={rank}>
          Rank {rank} <span class="faint">on {host}</span> {megabytes(own)}
          {held !== null && total !== null && `, GPU ${megabytes(held)} of ${megabytes(total)}`}
        </li>
      ))}
    </ul>
  );
}
