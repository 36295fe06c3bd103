export const projectRoot: string;
export function bootstrap(options?: {
  root?: string;
  log?: (line: string) => void;
  build?: boolean;
  signal?: AbortSignal;
}): Promise<void>;
export function staleDependencies(root: string): string | undefined;
export function sourceHash(root: string): string;
