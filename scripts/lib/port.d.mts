export function choosePort(options: {
  host: string;
  wanted?: string | undefined;
  log: (line: string) => void;
}): Promise<number>;
