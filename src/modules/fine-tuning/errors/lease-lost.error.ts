/** Another process drives the job by now: this one stops, and nobody else hears of it. */
export class LeaseLostError extends Error {
  constructor(jobId: string) {
    super(`Another process has taken ${jobId} over.`);
    this.name = 'LeaseLostError';
  }
}
