import { type JSX } from 'preact';
import { operatorRoutes, type Schemas } from '../lib/api.js';
import { useAction, useResource } from '../lib/resource.js';
import { Problem } from './basics.js';

/** Pauses the queue for everybody, or lets it go on. */
export function PauseButton(): JSX.Element {
  const queue = useResource(async (signal) => (await operatorRoutes.GET('/admin/queue', { signal })).data, []);
  const isPaused = queue.data?.paused === true;
  const { run, isRunning, error } = useAction(async () => {
    if (isPaused) await operatorRoutes.POST('/admin/queue/resume');
    else await operatorRoutes.POST('/admin/queue/pause', { body: {} });
    queue.reload();
  });
  return (
    <>
      <Problem error={error} />
      <button type="button" disabled={isRunning || queue.data === undefined} onClick={() => run()}>
        {isPaused ? 'Resume the queue' : 'Pause the queue'}
      </button>
    </>
  );
}

/** Takes a worker out of service once it has finished what it runs, or puts it back. */
export function DrainButton({ of }: { readonly of: Schemas['OverviewWorkerDto'] }): JSX.Element {
  const { run, isRunning, error } = useAction(async () => {
    const params = { path: { worker_id: of.id } };
    await operatorRoutes.POST(`/admin/workers/{worker_id}/${of.draining ? 'resume' : 'drain'}`, { params });
  });
  return (
    <>
      <Problem error={error} />
      <button type="button" class="small" disabled={isRunning} onClick={() => run()}>
        {of.draining ? 'Put back' : 'Drain'}
      </button>
    </>
  );
}
