/** Lets time pass. For what is slow on purpose (a load, a fault); tests wait for conditions, see wait-for.ts. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
