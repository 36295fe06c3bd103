import { type Inputs, useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** Something that is read from the service. */
export interface Resource<T> {
  /** Undefined until the first answer; of an earlier answer while it is read again. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** Reads again whenever one of `inputs` changes; the answers of outdated reads are dropped. */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>, inputs: Inputs): Resource<T> {
  const [state, setState] = useState<Omit<Resource<T>, 'reload'>>({
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  const running = useRef<AbortController | undefined>(undefined);
  const reload = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState((last) => ({ ...last, isLoading: true }));
    read(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ data, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const cause = error instanceof Error ? error : new Error(String(error));
        setState(({ data }) => ({ data, error: cause, isLoading: false }));
      },
    );
  }, inputs);
  useEffect(() => {
    setState((last) => ({ ...last, data: undefined }));
    reload();
    return () => running.current?.abort();
  }, [reload]);
  return { ...state, reload };
}

/** Runs an action of the user: whether it runs, and why it failed last. */
export function useAction<A extends unknown[]>(
  act: (...args: A) => Promise<unknown>,
): { readonly run: (...args: A) => void; readonly isRunning: boolean; readonly error: Error | undefined } {
  const [state, setState] = useState<{ isRunning: boolean; error?: Error }>({ isRunning: false });
  const run = (...args: A): void => {
    setState({ isRunning: true });
    act(...args).then(
      () => setState({ isRunning: false }),
      (error: unknown) =>
        setState({ isRunning: false, error: error instanceof Error ? error : new Error(String(error)) }),
    );
  };
  return { run, isRunning: state.isRunning, error: state.error };
}
