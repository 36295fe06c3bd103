export function findPgProgram(
  name: 'pg_dump' | 'pg_restore',
  folder?: string,
): { readonly program: string; readonly major: number } | undefined;
