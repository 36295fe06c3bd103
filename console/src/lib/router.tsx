import { type ComponentChildren, createContext, type HTMLAttributes, type JSX } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';

const BASE = '/console';

/** Where the page is: the path below /console, and its query. */
export interface PageLocation {
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Router extends PageLocation {
  readonly go: (to: string, options?: { readonly replace?: boolean }) => void;
}

const Context = createContext<Router>({ path: '/', query: new URLSearchParams(), go: () => undefined });

function pageLocation(): PageLocation {
  return { path: location.pathname.slice(BASE.length) || '/', query: new URLSearchParams(location.search) };
}

export function RouterProvider({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [here, setHere] = useState(pageLocation);
  useEffect(() => {
    const follow = (): void => setHere(pageLocation());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = useCallback<Router['go']>((to, { replace = false } = {}) => {
    const isNewPage = new URL(BASE + to, location.origin).pathname !== location.pathname;
    history[replace ? 'replaceState' : 'pushState'](null, '', BASE + to);
    setHere(pageLocation());
    if (isNewPage) scrollTo(0, 0);
  }, []);
  return <Context.Provider value={{ ...here, go }}>{children}</Context.Provider>;
}

export function useRouter(): Router {
  return useContext(Context);
}

/** A value of the query, and how to set it; an empty one is left out. */
export function useQuery(name: string): [string, (value: string) => void] {
  const { path, query, go } = useRouter();
  const set = (value: string): void => {
    const next = new URLSearchParams(query);
    if (value === '') next.delete(name);
    else next.set(name, value);
    go(next.size === 0 ? path : `${path}?${next}`, { replace: true });
  };
  return [query.get(name) ?? '', set];
}

type LinkProps = Pick<HTMLAttributes<HTMLAnchorElement>, 'aria-current'> & {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
};

/** A link to another page of the console. */
export function Link({ to, children, ...rest }: LinkProps): JSX.Element {
  const { go } = useRouter();
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a {...rest} href={BASE + to} onClick={follow}>
      {children}
    </a>
  );
}

/** The parts of a path that a pattern like '/adapters/:' leaves open; null when it does not match. */
export function matchPath(pattern: string, path: string): string[] | null {
  const [wanted, given] = [pattern, path.replace(/(.)\/$/, '$1')].map((one) => one.split('/'));
  if (wanted?.length !== given?.length) return null;
  const found: string[] = [];
  for (const [i, part] of (wanted ?? []).entries()) {
    const value = given?.[i] ?? '';
    if (part === ':') found.push(decodeURIComponent(value));
    else if (part !== value) return null;
  }
  return found;
}
