import { type ComponentChildren, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLive } from '../lib/live.js';
import { Link, useRouter } from '../lib/router.js';
import { useSession } from '../lib/session.js';
import { useTheme } from '../lib/theme.js';
import { Icon, type IconName } from './icon.js';

interface Item {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
}

const ITEMS: readonly Item[] = [
  { to: '/', label: 'Overview', icon: 'overview' },
  { to: '/adapters', label: 'Adapters', icon: 'adapters' },
  { to: '/aliases', label: 'Aliases', icon: 'aliases' },
  { to: '/playground', label: 'Playground', icon: 'playground' },
  { to: '/operations', label: 'Operations', icon: 'operations' },
  { to: '/jobs', label: 'Jobs', icon: 'jobs' },
  { to: '/files', label: 'Files', icon: 'files' },
  { to: '/checkpoints', label: 'Checkpoints', icon: 'checkpoints' },
  { to: '/losses', label: 'Losses', icon: 'losses' },
  { to: '/usage', label: 'Keys and usage', icon: 'keys' },
];

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { path } = useRouter();
  useEffect(() => setOpen(false), [path]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="topbar">
        <Brand />
        <button
          type="button"
          class="plain menu-button"
          aria-expanded={isOpen}
          aria-controls="sidebar"
          aria-label="Menu"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="menu" />
        </button>
      </header>
      <aside id="sidebar" class={isOpen ? 'sidebar open' : 'sidebar'}>
        <Brand />
        <nav aria-label="Pages">
          {ITEMS.map((item) => (
            <NavLink key={item.to} {...item} isHere={isBelow(path, item.to)} />
          ))}
        </nav>
        <Foot />
      </aside>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function isBelow(path: string, to: string): boolean {
  return to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
}

function Brand(): JSX.Element {
  return (
    <Link to="/" class="brand">
      <img src="/console/icon.svg" alt="" width="24" height="24" />
      Thinker
    </Link>
  );
}

function NavLink({ to, label, icon, isHere }: Item & { readonly isHere: boolean }): JSX.Element {
  return (
    <Link to={to} class="nav-link" aria-current={isHere ? 'page' : undefined}>
      <Icon name={icon} />
      {label}
    </Link>
  );
}

function Foot(): JSX.Element {
  const { session, logOut } = useSession();
  const { isConnected } = useLive();
  const [theme, toggleTheme] = useTheme();
  return (
    <div class="sidebar-foot">
      <a class="nav-link" href="/docs">
        <Icon name="docs" />
        API reference
      </a>
      <button type="button" class="plain nav-link" onClick={toggleTheme}>
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        {theme === 'dark' ? 'Light' : 'Dark'} theme
      </button>
      {session?.asks_for_key && (
        <button type="button" class="plain nav-link" onClick={() => void logOut()}>
          <Icon name="out" />
          Log out
        </button>
      )}
      <p class="whoami">
        <span class={isConnected ? 'dot good' : 'dot'} />
        {isConnected ? 'Live' : 'Connecting'}
        <span class="faint">
          {session?.asks_for_key ? (session.key_name ?? session.key_id) : 'no keys'} · {session?.version}
        </span>
      </p>
    </div>
  );
}
