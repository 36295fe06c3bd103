import { type JSX } from 'preact';
import { Empty } from './components/basics.js';
import { Shell } from './components/shell.js';
import { LiveProvider } from './lib/live.js';
import { Link, matchPath, RouterProvider, useRouter } from './lib/router.js';
import { SessionProvider, useSession } from './lib/session.js';
import { AdapterPage } from './pages/adapter/adapter-page.js';
import { AdaptersPage } from './pages/adapters-page.js';
import { AliasPage } from './pages/aliases/alias-page.js';
import { AliasesPage } from './pages/aliases/aliases-page.js';
import { CheckpointsPage } from './pages/checkpoints-page.js';
import { ComparePage } from './pages/compare-page.js';
import { FilesPage } from './pages/files/files-page.js';
import { JobPage } from './pages/jobs/job-page.js';
import { JobsPage } from './pages/jobs/jobs-page.js';
import { LoginPage } from './pages/login-page.js';
import { LossesPage } from './pages/losses-page.js';
import { OperationPage } from './pages/operations/operation-page.js';
import { OperationsPage } from './pages/operations/operations-page.js';
import { OverviewPage } from './pages/overview-page.js';
import { PlaygroundPage } from './pages/playground-page.js';
import { UsagePage } from './pages/usage/usage-page.js';

type PageOf = (parameters: string[]) => JSX.Element;

const PAGES: readonly (readonly [string, PageOf])[] = [
  ['/', () => <OverviewPage />],
  ['/adapters', () => <AdaptersPage />],
  ['/adapters/:', ([name = '']) => <AdapterPage key={name} name={name} />],
  ['/aliases', () => <AliasesPage />],
  ['/aliases/:', ([name = '']) => <AliasPage key={name} name={name} />],
  ['/compare', () => <ComparePage />],
  ['/playground', () => <PlaygroundPage />],
  ['/operations', () => <OperationsPage />],
  ['/operations/:', ([id = '']) => <OperationPage key={id} id={id} />],
  ['/jobs', () => <JobsPage />],
  ['/jobs/:', ([id = '']) => <JobPage key={id} id={id} />],
  ['/files', () => <FilesPage />],
  ['/checkpoints', () => <CheckpointsPage />],
  ['/losses', () => <LossesPage />],
  ['/usage', () => <UsagePage />],
];

export function App(): JSX.Element {
  return (
    <RouterProvider>
      <SessionProvider>
        <Gate />
      </SessionProvider>
    </RouterProvider>
  );
}

function Gate(): JSX.Element | null {
  const { session } = useSession();
  if (session === undefined) return null;
  if (session === null) return <LoginPage />;
  return (
    <LiveProvider>
      <Shell>
        <Current />
      </Shell>
    </LiveProvider>
  );
}

function Current(): JSX.Element {
  const { path } = useRouter();
  for (const [pattern, page] of PAGES) {
    const parameters = matchPath(pattern, path);
    if (parameters !== null) return page(parameters);
  }
  return (
    <Empty title="There is no such page">
      <Link to="/">Go to the overview</Link>
    </Empty>
  );
}
