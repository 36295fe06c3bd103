import { SetMetadata } from '@nestjs/common';

const READS_LARGE_BODIES = 'reads large bodies';

/** On a route that has its own reader of large bodies: it gets them as LargeBody, read but not parsed. */
export const ReadsLargeBodies = (): MethodDecorator => SetMetadata(READS_LARGE_BODIES, true);

export function readsLargeBodies(handler: object): boolean {
  return Reflect.getMetadata(READS_LARGE_BODIES, handler) === true;
}

/** Larger bodies are parsed in a thread: up to here it takes a few milliseconds. */
export const LARGE_BYTES = 2 ** 18;

/** A body that is too large for the event loop. */
export class LargeBody {
  constructor(
    readonly type: 'json' | 'protobuf',
    readonly bytes: Uint8Array<ArrayBuffer>,
  ) {}
}
