import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type ByteSource } from '../../datasets/containers/container.js';
import { InvalidTrainingFileError } from '../../datasets/dataset.errors.js';
import { openDataset } from '../../datasets/read-dataset.js';
import { type TrainingExample } from '../../datasets/training-example.js';
import { CliError } from '../errors/cli.error.js';
import { type Schemas } from '../service/client.js';

type Message = Schemas['ChatMessageDto'];

/** A row that a model is measured on. */
export interface EvalRow {
  /** All of it: a chat that ends with an answer of the assistant, or a text and its completion. */
  readonly datum: { messages: Message[] } | { prompt: string; completion: string };
  /** What is before the answer. A text is asked as it stands, as it was trained: without a chat template. */
  readonly question: { messages: Message[] } | { prompt: string };
  readonly answer: string;
}

const REMEDY = 'Each row must be a chat that ends with an answer, or a prompt with its completion.';

/**
 * The first rows of a file, in all containers and shapes that training takes.
 * @throws CliError with the first row that is wrong
 */
export async function readEvalRows(file: string, limit = Infinity): Promise<EvalRow[]> {
  if (!existsSync(file)) throw new CliError(`${file} does not exist.`);
  const source = await FileSource.open(file);
  const found: EvalRow[] = [];
  try {
    const dataset = await openDataset(source, path.basename(file));
    for await (const rows of dataset.examples()) {
      for (const { at, example } of rows) found.push(toEvalRow(example, `${file}, ${dataset.unit} ${at}`));
      if (found.length >= limit) break;
    }
  } catch (error) {
    if (!(error instanceof InvalidTrainingFileError)) throw error;
    const [fault] = error.faults;
    const location = fault?.location ? `, ${fault.location}` : '';
    throw new CliError(`${file}${location}: ${fault?.problem ?? ''} ${REMEDY}`, undefined, { cause: error });
  } finally {
    await source.close();
  }
  return found.slice(0, limit);
}

function toEvalRow(example: TrainingExample, where: string): EvalRow {
  if (example.kind === 'completion') {
    const { prompt, completion } = example;
    return { datum: { prompt, completion }, question: { prompt }, answer: completion };
  }
  const messages = (example.kind === 'chat' ? [...example.messages] : []) as Message[];
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || typeof last.content !== 'string') {
    throw new CliError(`${where} is not a chat with an answer in text. ${REMEDY}`);
  }
  return { datum: { messages }, question: { messages: messages.slice(0, -1) }, answer: last.content };
}

/** A file on disk, read in pieces. */
class FileSource implements ByteSource {
  private constructor(
    private readonly handle: Awaited<ReturnType<typeof open>>,
    readonly size: number,
  ) {}

  static async open(file: string): Promise<FileSource> {
    const handle = await open(file);
    return new FileSource(handle, (await handle.stat()).size);
  }

  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await this.handle.read(bytes, 0, length, start);
    return bytes.subarray(0, bytesRead);
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ start: 0, autoClose: false });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
