import { type CaptureFilterDto } from './dto/capture.dto.js';
import { type CaptureFilter } from './repositories/capture.repository.js';

export function readCaptureFilter({ model, metadata, since, until }: CaptureFilterDto): CaptureFilter {
  return {
    model,
    metadata: metadata === undefined ? undefined : readPair(metadata),
    since: readTime(since),
    until: readTime(until),
  };
}

/** The text may contain colons. */
function readPair(pair: string): Readonly<Record<string, string>> {
  const at = pair.indexOf(':');
  return { [pair.slice(0, at)]: pair.slice(at + 1) };
}

function readTime(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
