/**
 * The browser of the tests that drive the web console: CHROME_PATH, or Chromium or Chrome where systems put it. `npm test`
 * installs Debian's package where it may: as root, with apt-get, and without INSTALL_CHROMIUM=no.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where systems put Chromium and Chrome. */
const USUAL = JSON.parse(readFileSync(path.join(import.meta.dirname, 'chromium-paths.json'), 'utf8'));
const INSTALL_LIMIT_MS = 240_000;

function findChromium() {
  return [process.env.CHROME_PATH, ...USUAL].find((file) => file !== undefined && file !== '' && existsSync(file));
}

/** Installs Chromium if it is missing and may be installed. Does not fail: without it the tests are skipped. */
export function ensureChromium({ log = console.log } = {}) {
  const isRoot = process.getuid?.() === 0;
  if (findChromium() !== undefined || !isRoot || process.env.INSTALL_CHROMIUM === 'no') return;
  if (!existsSync('/usr/bin/apt-get')) return;
  log("Installing Debian's chromium for the tests of the web console (INSTALL_CHROMIUM=no skips this) ...");
  const quick = [
    '-qq',
    '-o',
    'Acquire::Retries=0',
    '-o',
    'Acquire::http::Timeout=15',
    '-o',
    'Acquire::https::Timeout=15',
  ];
  const apt = (...args) =>
    spawnSync('apt-get', [...quick, ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
      timeout: INSTALL_LIMIT_MS,
    });
  const install = () => apt('install', '-y', '--no-install-recommends', 'chromium').status === 0;
  if (!install() && apt('update').status === 0) install();
  if (findChromium() === undefined) log('Chromium could not be installed.');
}
