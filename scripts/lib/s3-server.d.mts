export const RCLONE_HINT: string;
export const MOTO_HINT: string;
export function findRclone(): string | undefined;
export function findMoto(): string | undefined;
export function ensureS3Server(options?: {
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<boolean>;
