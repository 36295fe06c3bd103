import { type JSX } from 'preact';
import { Badge, Card, Empty, Fields, Loaded, Page, Problem, Time } from '../../components/basics.js';
import { Chart } from '../../components/chart.js';
import { ActionButton } from '../../components/permission.js';
import { Table } from '../../components/table.js';
import { routes, type Schemas } from '../../lib/api.js';
import { plain } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useAction, useResource } from '../../lib/resource.js';
import { Link } from '../../lib/router.js';

type Job = Schemas['JobDto'];
type Row = Schemas['JobMetricsRowDto'];

const MAX_ROWS = 5000;
const OPEN = ['validating_files', 'queued', 'running'];

export function JobPage({ id }: { readonly id: string }): JSX.Element {
  const path = { fine_tuning_job_id: id };
  const job = useResource(
    async (signal) => {
      const [found, rows, events] = await Promise.all([
        routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}', { params: { path }, signal }),
        metricsOf(id, signal),
        routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}/events', {
          params: { path, query: { limit: 30 } },
          signal,
        }),
      ]);
      return { job: found.data, rows, events: events.data?.data ?? [] };
    },
    [id],
  );
  useSettled(() => true, job.reload, 1000);
  const found = job.data?.job;
  return (
    <Page
      title={found?.fine_tuned_model ?? 'Fine-tuning job'}
      parent={{ to: '/jobs', label: 'Fine-tuning jobs' }}
      note={<code>{id}</code>}
      actions={found && <JobActions job={found} onChange={job.reload} />}
    >
      <Loaded of={job}>
        {(data) => (
          <>
            {data.job && <Facts of={data.job} />}
            <Curves of={data.rows} />
            <Events of={data.events} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

async function metricsOf(id: string, signal: AbortSignal): Promise<Row[]> {
  const params = { path: { fine_tuning_job_id: id }, query: { limit: MAX_ROWS } };
  const { data } = await routes.GET('/v1/fine_tuning/jobs/{fine_tuning_job_id}/metrics', { params, signal });
  return typeof data === 'object' && 'data' in data ? data.data : [];
}

function JobActions({ job, onChange }: { readonly job: Job; readonly onChange: () => void }): JSX.Element {
  const params = { path: { fine_tuning_job_id: job.id } };
  const { run, isRunning, error } = useAction(async (act: 'pause' | 'resume' | 'cancel') => {
    await routes.POST(`/v1/fine_tuning/jobs/{fine_tuning_job_id}/${act}`, { params });
    onChange();
  });
  const isOpen = OPEN.includes(job.status);
  return (
    <>
      <Problem error={error} />
      {isOpen && (
        <ActionButton needs="train" isDisabled={isRunning} onClick={() => run('pause')}>
          Pause
        </ActionButton>
      )}
      {job.status === 'paused' && (
        <ActionButton needs="train" tone="primary" isDisabled={isRunning} onClick={() => run('resume')}>
          Resume
        </ActionButton>
      )}
      {(isOpen || job.status === 'paused') && (
        <ActionButton needs="train" tone="danger" isDisabled={isRunning} onClick={() => run('cancel')}>
          Cancel job
        </ActionButton>
      )}
    </>
  );
}

function Facts({ of: job }: { readonly of: Job }): JSX.Element {
  const { n_epochs: epochs, batch_size: size, learning_rate_multiplier: rate } = job.hyperparameters;
  const model = job.fine_tuned_model;
  return (
    <Card>
      <Fields
        of={[
          ['Status', <Badge status={job.status} />],
          ['Method', job.method.type],
          ['Base model', <span class="name">{job.model}</span>],
          [
            'Adapter',
            model === null ? (
              '–'
            ) : (
              <Link class="name" to={`/adapters/${encodeURIComponent(model)}`}>
                {model}
              </Link>
            ),
          ],
          ['Epochs × batch', `${epochs} × ${size}`],
          ['Learning rate', `× ${rate}`],
          ['Trained tokens', job.trained_tokens === null ? '–' : plain(job.trained_tokens)],
          ['Created', <Time at={job.created_at * 1000} />],
        ]}
      />
      {job.error?.message && <p class="problem">{job.error.message}</p>}
    </Card>
  );
}

const CHARTS = [
  { title: 'Training loss', metric: 'train_loss' },
  { title: 'Validation loss', metric: 'valid_loss' },
  { title: 'Gradient norm', metric: 'grad_norm' },
  { title: 'Learning rate', metric: 'learning_rate' },
] as const;

function Curves({ of }: { readonly of: readonly Row[] }): JSX.Element {
  const drawn = CHARTS.flatMap(({ title, metric }) => {
    const rows = of.filter((row) => row.kind === 'step' && typeof row[metric] === 'number');
    return rows.length === 0 ? [] : [{ title, metric, rows }];
  });
  if (drawn.length === 0) {
    return (
      <Card>
        <Empty title="No steps yet">The curves appear here with the first step.</Empty>
      </Card>
    );
  }
  return (
    <div class="grid two lead">
      {drawn.map(({ title, metric, rows }) => (
        <Card key={metric}>
          <Chart
            title={title}
            x={rows.map(({ step }) => step)}
            curves={[{ label: metric, values: rows.map((row) => row[metric] ?? null) }]}
          />
        </Card>
      ))}
    </div>
  );
}

function Events({ of }: { readonly of: readonly Schemas['JobEventDto'][] }): JSX.Element {
  return (
    <Card title="Events" flush>
      <Table
        label="Events"
        rows={of}
        keyOf={(event) => event.id}
        empty={<Empty title="No events" />}
        columns={[
          { name: 'When', cell: (event) => <Time at={event.created_at * 1000} /> },
          {
            name: 'Level',
            cell: ({ level }) => (
              <Badge status={level} tone={level === 'error' ? 'bad' : level === 'warn' ? 'warn' : 'neutral'} />
            ),
          },
          { name: 'Message', cell: (event) => event.message },
        ]}
      />
    </Card>
  );
}
