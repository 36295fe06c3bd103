export class StopStack {
  push(name: string, stop: () => unknown): void;
  interrupt(): Promise<void>;
  stopAll(log: (line: string) => void): Promise<void>;
}
