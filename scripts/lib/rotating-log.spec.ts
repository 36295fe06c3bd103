import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRotatingLog } from './rotating-log.mjs';
import { pollFor } from './owned-process.mjs';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log '));
  file = path.join(folder, 'service.log');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

it('appends, so that the log of a crash is kept', () => {
  writeFileSync(file, 'the crash\n');
  const log = openRotatingLog(file);
  writeSync(log.descriptor, 'the next start\n');
  log.stop();
  log.close();
  expect(log.start).toBe('the crash\n'.length);
  expect(read('service.log')).toBe('the crash\nthe next start\n');
});

it('keeps a bounded number of full files, the newest ones', () => {
  for (const text of ['one', 'two', 'three', 'four']) {
    appendFileSync(file, text);
    const log = openRotatingLog(file, { maxBytes: 3, keep: 2 });
    log.stop();
    log.close();
  }
  expect([read('service.log'), read('service.log.1'), read('service.log.2')]).toEqual(['', 'four', 'three']);
  expect(existsSync(`${file}.3`)).toBe(false);
});

it('empties a full file under the hands of its writer, who goes on at its beginning', async () => {
  const log = openRotatingLog(file, { maxBytes: 5, checkEveryMs: 10 });
  writeSync(log.descriptor, 'long enough');
  expect(await pollFor(() => statSync(file).size === 0, { timeoutMs: 10_000 })).toBe(true);
  writeSync(log.descriptor, 'on');
  log.stop();
  log.close();
  expect([read('service.log.1'), read('service.log')]).toEqual(['long enough', 'on']);
});
