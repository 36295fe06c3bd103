export function skipReason(fullName: string, note?: string): string | undefined;
