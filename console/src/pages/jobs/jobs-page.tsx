import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Page, Time } from '../../components/basics.js';
import { Pager, Table } from '../../components/table.js';
import { routes, type Schemas } from '../../lib/api.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { Link } from '../../lib/router.js';

type Job = Schemas['JobDto'];

const PAGE = 25;

export function JobsPage(): JSX.Element {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const after = cursors.at(-1);
  const jobs = useResource(
    async (signal) => {
      const query = { limit: PAGE, ...(after !== undefined && { after }) };
      return (await routes.GET('/v1/fine_tuning/jobs', { params: { query }, signal })).data;
    },
    [after],
  );
  useSettled(() => true, jobs.reload, 2000);
  return (
    <Page title="Fine-tuning jobs" note="Training on an uploaded file, driven by the service.">
      <Card flush>
        <Loaded of={jobs}>
          {(data) => (
            <>
              <JobTable rows={data?.data ?? []} />
              <Pager
                cursors={cursors}
                next={data?.has_more ? (data.data.at(-1)?.id ?? null) : null}
                onCursors={setCursors}
              />
            </>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

function JobTable({ rows }: { readonly rows: readonly Job[] }): JSX.Element {
  return (
    <Table
      label="Fine-tuning jobs"
      rows={rows}
      keyOf={(job) => job.id}
      empty={
        <Empty title="No jobs yet">
          <code>thinker train chats.jsonl</code> or <code>POST /v1/fine_tuning/jobs</code> starts one.
        </Empty>
      }
      columns={[
        {
          name: 'Job',
          cell: (job) => (
            <Link class="name" to={`/jobs/${job.id}`}>
              {job.fine_tuned_model ?? job.id}
            </Link>
          ),
        },
        {
          name: 'Status',
          cell: (job) => <Badge status={job.status} tone={job.status === 'running' ? 'busy' : undefined} />,
        },
        { name: 'Method', cell: (job) => job.method.type },
        { name: 'Base model', isMinor: true, cell: (job) => <span class="name muted">{job.model}</span> },
        { name: 'Tokens', isNumber: true, isMinor: true, cell: (job) => job.trained_tokens ?? '' },
        { name: 'Created', cell: (job) => <Time at={job.created_at * 1000} /> },
      ]}
    />
  );
}
