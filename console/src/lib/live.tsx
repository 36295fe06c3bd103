import { type ComponentChildren, createContext, type JSX } from 'preact';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Schemas } from './api.js';

type Overview = Schemas['OverviewDto'];
type Settled = Schemas['SettledEventDto'];
type SettledListener = (event: Settled) => void;

/** Overviews that are remembered: five minutes. */
const MAX_HISTORY = 150;

interface Live {
  /** Oldest first. */
  readonly history: readonly Overview[];
  readonly isConnected: boolean;
  readonly subscribe: (listener: SettledListener) => () => void;
}

const Context = createContext<Live>({ history: [], isConnected: false, subscribe: () => () => undefined });

/** One stream of events for all pages. The browser connects again by itself; then what was missed is read anew. */
export function LiveProvider({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const listeners = useRef(new Set<SettledListener>());
  const [history, setHistory] = useState<readonly Overview[]>([]);
  const [isConnected, setConnected] = useState(false);
  useEffect(() => {
    const source = new EventSource('/events');
    const tell = (event: Settled): void => listeners.current.forEach((listener) => listener(event));
    source.addEventListener('open', () => {
      setConnected(true);
      tell({ operations: [], missed: true });
    });
    source.addEventListener('error', () => setConnected(false));
    source.addEventListener('settled', ({ data }) => tell(JSON.parse(data as string) as Settled));
    source.addEventListener('overview', ({ data }) => {
      const overview = JSON.parse(data as string) as Overview;
      setHistory((last) => [...last.slice(1 - MAX_HISTORY), overview]);
    });
    return () => source.close();
  }, []);
  const subscribe = useMemo(
    () => (listener: SettledListener) => {
      listeners.current.add(listener);
      return () => listeners.current.delete(listener);
    },
    [],
  );
  return <Context.Provider value={{ history, isConnected, subscribe }}>{children}</Context.Provider>;
}

export function useLive(): Live {
  return useContext(Context);
}

/** Calls `act` soon after operations that `matters` names were settled, at most once per interval. */
export function useSettled(
  matters: (operation: Schemas['FutureDto']) => boolean,
  act: () => void,
  everyMs = 400,
): void {
  const { subscribe } = useLive();
  const latest = useRef({ matters, act });
  latest.current = { matters, act };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = (): void => {
      timer = undefined;
      latest.current.act();
    };
    const end = subscribe(({ operations, missed }) => {
      if (missed || operations.some(latest.current.matters)) timer ??= setTimeout(run, everyMs);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [subscribe, everyMs]);
}
