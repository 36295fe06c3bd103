import { type ComponentChildren, createContext, type JSX } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import { onSessionEnd, routes, type Schemas } from './api.js';

export type Session = Schemas['SessionDto'];

interface SessionState {
  /** Undefined while it is asked for, null when nobody is logged in. */
  readonly session: Session | null | undefined;
  readonly logIn: (key: string) => Promise<void>;
  readonly logOut: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();
const Context = createContext<SessionState>({ session: undefined, logIn: nothing, logOut: nothing });

export function SessionProvider({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [session, setSession] = useState<Session | null>();
  useEffect(() => {
    const end = onSessionEnd(() => setSession(null));
    routes.GET('/console/session').then(
      ({ data }) => setSession(data),
      () => setSession(null),
    );
    return end;
  }, []);
  const logIn = useCallback(async (key: string) => {
    const { data } = await routes.POST('/console/session', { headers: { 'X-API-Key': key } });
    setSession(data);
  }, []);
  const logOut = useCallback(async () => {
    await routes.DELETE('/console/session');
    setSession(null);
  }, []);
  return <Context.Provider value={{ session, logIn, logOut }}>{children}</Context.Provider>;
}

export function useSession(): SessionState {
  return useContext(Context);
}
