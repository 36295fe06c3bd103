export function interestingPart(line: string): string | undefined;
export function followLog(file: string, show: (line: string) => void): { poll(): void; stop(): void };
