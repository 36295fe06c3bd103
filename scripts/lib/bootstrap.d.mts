export const projectRoot: string;
export function bootstrap(options?: {
  root?: string;
  log?: (line: string) => void;
  build?: boolean;
  signal?: AbortSignal;
}): Promise<void>;
export function staleDependencies(root: string): string | undefined;
export function ensureConsole(options?: {
  root?: string;
  log?: (line: string) => void;
  signal?: AbortSignal;
}): Promise<void>;
export function sourceHash(root: string): string;
