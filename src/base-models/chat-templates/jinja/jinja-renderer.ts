import { Worker } from 'node:worker_threads';
import { TemplateError, TemplateTimeoutError } from './jinja.errors.js';
import { packageFolder } from '../../../common/package-folder.js';

/** A part of a text, as positions in UTF-16 code units. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** What a chat template is given, as JSON; the names are those of transformers' apply_chat_template. */
export interface TemplateInput {
  readonly messages: readonly object[];
  readonly tools?: readonly object[] | null;
  readonly documents?: readonly object[] | null;
  /** Further variables: bos_token, enable_thinking, ... */
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly addGenerationPrompt?: boolean;
  /** Leave the last message open: its content, or the field of that name. */
  readonly continueFinalMessage?: boolean | string;
}

export interface Rendering {
  readonly text: string;
  /** Where `{% generation %}` blocks lie in the text; null when the template has none or they cannot be located. */
  readonly spans: readonly TextSpan[] | null;
}

interface Job {
  readonly source: string;
  /** '' only compiles. */
  readonly request: string;
  readonly resolve: (json: string) => void;
  readonly reject: (error: Error) => void;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly json: string;
  /** Of the WebAssembly instance, which never gives memory back. */
  readonly memoryBytes: number;
}

/** A rendering takes milliseconds; what takes longer than this is a template that does not end. */
const TIMEOUT_MS = 15_000;
const START_TIMEOUT_MS = 120_000;
/** A thread that has grown beyond this is replaced by a new one, which starts at some 30 MB. */
const MAX_MEMORY_BYTES = 384 * 2 ** 20;

/**
 * Renders chat templates with Jinja2 itself, in a thread: transformers' results, nothing blocks the event loop, and a
 * template that does not end is stopped. The thread starts with the first job, works on one at a time, and does not
 * keep the process alive when it has none.
 */
export class JinjaRenderer {
  private thread: Worker | null = null;
  private starting: Promise<Worker> | null = null;
  private readonly jobs: Job[] = [];
  private working = false;
  private waiter: Waiter | null = null;

  /** @param root folder of the package, with vendor/python and perhaps the build's snapshot */
  constructor(
    private readonly timeoutMs = TIMEOUT_MS,
    private readonly root = packageFolder(),
  ) {}

  /** Starts the thread before there is a job, so that it loads while others do. */
  warmUp(): void {
    // A failure is reported by the first job.
    this.ready().catch(() => undefined);
  }

  /** @throws TemplateError naming the line when the source is not a valid template. */
  async compile(source: string): Promise<void> {
    readAnswer(await this.run(source, ''));
  }

  /** @throws TemplateError with the template's own reason when it refuses the input; TemplateTimeoutError. */
  async render(source: string, input: TemplateInput): Promise<Rendering> {
    const request = JSON.stringify({
      messages: input.messages,
      tools: input.tools ?? null,
      documents: input.documents ?? null,
      variables: input.variables ?? {},
      addGenerationPrompt: input.addGenerationPrompt ?? false,
      continueFinalMessage: input.continueFinalMessage ?? false,
    });
    const { text, spans } = readAnswer(await this.run(source, request));
    return { text, spans: spans && inCodeUnits(text, spans) };
  }

  /** Ends the thread; jobs that wait fail. A later job starts a new one. */
  async stop(): Promise<void> {
    for (const { reject } of this.jobs.splice(0)) reject(new Error('The template renderer was stopped.'));
    await this.drop();
  }

  private run(source: string, request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.jobs.push({ source, request, resolve, reject });
      if (!this.working) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let job = this.jobs.shift(); job; job = this.jobs.shift()) {
      try {
        const thread = await this.ready();
        thread.ref();
        const { json, memoryBytes } = await this.ask(thread, job);
        if (memoryBytes > MAX_MEMORY_BYTES) await this.drop();
        job.resolve(json);
      } catch (error) {
        // Whatever state the thread is in, the next job gets a new one.
        await this.drop();
        job.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.working = false;
    this.thread?.unref();
  }

  private ready(): Promise<Worker> {
    this.starting ??= this.start();
    return this.starting;
  }

  private async start(): Promise<Worker> {
    const thread = new Worker(new URL('./renderer-thread.mjs', import.meta.url), {
      workerData: { root: this.root },
    });
    this.thread = thread;
    thread.on('message', (message: unknown) => this.waiter?.resolve(message));
    // A thread that ends while nobody waits is replaced by the next job; an end that comes late is not the next one's.
    const ended = (error: Error) => {
      if (this.thread !== thread) return;
      this.thread = this.starting = null;
      this.waiter?.reject(error);
    };
    thread.on('error', ended);
    thread.on('exit', (code) => ended(new Error(`The template renderer exited with code ${code}.`)));
    await this.answer(START_TIMEOUT_MS, () => new Error('The template renderer did not start in time.'));
    if (!this.working) thread.unref();
    return thread;
  }

  private ask(thread: Worker, { source, request }: Job): Promise<Answer> {
    thread.postMessage({ source, request });
    return this.answer(this.timeoutMs, () => new TemplateTimeoutError(this.timeoutMs)) as Promise<Answer>;
  }

  /** The thread's next message. */
  private answer(timeoutMs: number, late: () => Error): Promise<unknown> {
    const { promise, ...waiter } = withResolvers();
    this.waiter = waiter;
    const timer = setTimeout(() => waiter.reject(late()), timeoutMs);
    return promise.finally(() => {
      clearTimeout(timer);
      this.waiter = null;
    });
  }

  private async drop(): Promise<void> {
    const { thread } = this;
    this.thread = this.starting = null;
    this.waiter?.reject(new Error('The template renderer was stopped.'));
    await thread?.terminate();
  }
}

let shared: JinjaRenderer | null = null;

/** The renderer of this process, for all base models. It never keeps the process alive, so nobody has to stop it. */
export function sharedRenderer(): JinjaRenderer {
  shared ??= new JinjaRenderer();
  return shared;
}

function withResolvers(): Waiter & { promise: Promise<unknown> } {
  let resolve!: Waiter['resolve'];
  let reject!: Waiter['reject'];
  const promise = new Promise<unknown>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

function readAnswer(json: string): { text: string; spans: readonly (readonly [number, number])[] | null } {
  const answer = JSON.parse(json) as
    { text: string; spans: [number, number][] | null; error?: undefined } | { error: string };
  if (answer.error !== undefined) throw new TemplateError(answer.error);
  return answer;
}

/** Python counts code points; a character beyond U+FFFF is one of them and two code units. */
function inCodeUnits(text: string, spans: readonly (readonly [number, number])[]): TextSpan[] {
  if (!/[\ud800-\udbff]/.test(text)) return spans.map(([start, end]) => ({ start, end }));
  let unit = 0;
  let point = 0;
  const unitOf = (target: number): number => {
    if (target < point) unit = point = 0;
    for (; point < target; point++) unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
    return unit;
  };
  return spans.map(([start, end]) => ({ start: unitOf(start), end: unitOf(end) }));
}
