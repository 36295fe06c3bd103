/** Whole seconds since 1970, as OpenAI's API tells times. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
