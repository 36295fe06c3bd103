import { isIP } from 'node:net';
import { makeValidator } from 'envalid';
import { parseFaults } from '../../common/fault-points.js';

/** Validators for the formats of the settings; each names the expected format in its error. */

/** An http(s) address, or nothing. */
export const optionalUrl = (...protocols: string[]) =>
  makeValidator<string>((input) => {
    if (input === '') return input;
    const protocol = URL.canParse(input) ? new URL(input).protocol : '';
    if (!protocols.includes(protocol)) {
      throw new Error(`must be a URL starting with ${protocols.map((name) => `${name}//`).join(' or ')}`);
    }
    return input;
  });

export const databaseUrl = makeValidator<string>((input) => {
  const protocol = URL.canParse(input) ? new URL(input).protocol : '';
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new Error('must be a Postgres URL such as postgres://user:password@host:5432/database');
  }
  return input;
});

export const wholeNumber = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (input.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      throw new Error(`must be an integer from ${min} to ${max}`);
    }
    return value;
  });

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY_PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `s3://bucket/prefix`, or nothing. */
export const s3Address = makeValidator<string>((input) => {
  const [bucket = '', ...path] = input.slice('s3://'.length).replace(/\/+$/, '').split('/');
  const isAddress = input.startsWith('s3://') && BUCKET.test(bucket) && path.every((part) => KEY_PART.test(part));
  if (input !== '' && !isAddress) {
    throw new Error(
      'must be s3://<bucket> or s3://<bucket>/<prefix>, with a prefix of letters, digits, dots, dashes and underscores',
    );
  }
  return input;
});

/** `host:port`, or nothing. */
export const listenAddress = makeValidator<string>((input) => {
  const [, port] = /^(?:[^\s:/[\]]+|\[[0-9a-fA-F:]+\]):(\d+)$/.exec(input) ?? [];
  if (input !== '' && (port === undefined || Number(port) > 65_535)) {
    throw new Error('must be an address and a port, such as 10.0.0.5:8100 or [::1]:8100');
  }
  return input;
});

export const names = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((name) => name.trim());
  if (list.some((name) => name === ''))
    throw new Error('must be a comma-separated list of names without empty entries');
  return list;
});

export const hostNames = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((name) => name.trim());
  if (list.some((name) => !/^[^\s:/[\]]+$/.test(name) && isIP(name) === 0)) {
    throw new Error('must be a comma-separated list of host names or addresses, without http:// and without a port');
  }
  return list;
});

/** As browsers send them: no path, no slash at the end, no default port. */
export const origins = makeValidator<readonly string[]>((input) => {
  const list = input.split(',').map((origin) => origin.trim());
  for (const origin of list) {
    const isWeb = /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
    if (origin !== '*' && !isWeb && !/^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(origin)) {
      throw new Error(`must be * or a comma-separated list of origins; '${origin}' is not an origin`);
    }
  }
  return list;
});

export const faults = makeValidator<string>((input) => {
  parseFaults(input);
  return input;
});
