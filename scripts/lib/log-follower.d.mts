export function interestingPart(line: string): string | undefined;
export function followLog(file: string, show: (line: string) => void, start?: number): { poll(): void; stop(): void };
