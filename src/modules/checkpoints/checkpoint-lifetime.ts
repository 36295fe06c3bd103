/** When something ends that lives for `seconds` from now on; null = never. */
export function endOf(seconds: number): Date;
export function endOf(seconds: number | null): Date | null;
export function endOf(seconds: number | null): Date | null {
  return seconds === null ? null : new Date(Date.now() + seconds * 1000);
}

export function isExpired({ expiresAt }: { readonly expiresAt: Date | null }): boolean {
  return expiresAt !== null && expiresAt.getTime() <= Date.now();
}
