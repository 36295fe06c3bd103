import { AppError } from '../../common/errors/app-error.js';

/** What came over the control link is not a message of the protocol. */
export class FrameError extends AppError {
  constructor(what: string, options?: ErrorOptions) {
    super('bad_frame', 'server', 500, `The other end of the control link sent ${what}.`, {}, options);
  }
}

/** The ranks could not be started. */
export class RanksUnavailableError extends AppError {
  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(
      'ranks_unavailable',
      'server',
      503,
      `The torch ranks did not start: ${reason}. ${remedy}`,
      { remedy },
      options,
    );
  }
}

/** The engine of the ranks does not compute this base model, or not with these settings. */
export class UnsupportedByRanksError extends AppError {
  constructor(reason: string) {
    super('unsupported_model', 'server', 500, reason);
  }
}

/** The ranks gave a code that this service does not know: their program is of another version. */
export class UnforeseenRankError extends AppError {
  constructor(code: string, message: string) {
    super('unforeseen_rank_error', 'server', 500, `The torch ranks failed with '${code}': ${message}`, {
      remedy: 'Run the workers/torch of the same version as the service on every host of ranks.',
    });
  }
}

/** The group of ranks has ended, with everything that it held. */
export class GroupLostError extends AppError {
  constructor(
    reason: string,
    /** Did a rank run out of memory? */
    readonly outOfMemory = false,
  ) {
    super('ranks_lost', 'server', 503, `The torch ranks are gone: ${reason}.`);
  }
}

/** The device of the ranks is out of memory for what was asked; nothing has changed. */
export class DeviceMemoryError extends AppError {
  constructor(reason: string) {
    super('device_memory', 'server', 503, `The device has no memory left for this: ${reason}`, {
      remedy: 'Send less at a time, or have the operator lower PREFIX_CACHE_MB or use more ranks.',
    });
  }
}

/** One datum alone takes more memory than the device has. */
export class DatumExceedsDeviceError extends AppError {
  constructor(datum: number, tokens: number) {
    super(
      'sequence_exceeds_memory',
      'user',
      422,
      `data[${datum}] has ${tokens} tokens, for which the device has too little memory.`,
      { field: `data[${datum}]`, remedy: 'Send shorter sequences, or have the operator use more or larger devices.' },
    );
  }
}
