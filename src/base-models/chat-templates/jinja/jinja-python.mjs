/**
 * CPython in WebAssembly (Pyodide) with Jinja2 and chat_template.py, all from files of this package. Starting it takes
 * seconds of processor time, so the build starts it once and keeps a snapshot of its memory, from which it starts in a
 * fraction of that. Plain JavaScript, so that it also runs from the sources.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPyodide, version } from 'pyodide';

const JINJA = 'jinja2-3.1.6-py3-none-any.whl';
const MARKUPSAFE = 'markupsafe-3.0.3.tar.gz';
const SOURCES = new URL('chat_template.py', import.meta.url);

/**
 * Starts Python and imports chat_template.py.
 *
 * @param root the package's folder
 * @returns Pyodide's interface of the running Python
 */
export async function startPython(root) {
  const snapshot = snapshotFile(root);
  if (!existsSync(snapshot)) return startWithoutSnapshot(root);
  const python = await load(root, { _loadSnapshot: readFileSync(snapshot) });
  // Otherwise all processes of this build would draw the same numbers.
  python.runPython('import random; random.seed()');
  return python;
}

/** As startPython, from nothing. With `_makeSnapshot` Pyodide can be asked for a snapshot afterwards. */
export async function startWithoutSnapshot(root, options = {}) {
  const python = await load(root, options);
  const markupsafe = readFileSync(path.join(archives(root), MARKUPSAFE));
  python.unpackArchive(new Uint8Array(markupsafe), 'gztar', { extractDir: '/lib/markupsafe' });
  python.FS.writeFile('/lib/chat_template/chat_template.py', readFileSync(SOURCES));
  python.runPython(`
    import sys
    sys.path[:0] = ['/lib/chat_template', '/lib/chat_template/${JINJA}', '/lib/markupsafe/markupsafe-3.0.3/src']
    import chat_template
  `);
  return python;
}

/** Where the snapshot lies, if there is one. Its name says what it was made of, so a stale one is never found. */
export function snapshotFile(root) {
  const hash = createHash('sha256').update([version, JINJA, MARKUPSAFE].join()).update(readFileSync(SOURCES));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  return path.join(root, 'dist', 'jinja', `${hash.digest('hex').slice(0, 16)}.snapshot`);
}

/** Files are not part of a snapshot, and Jinja2 imports some of its modules late: it is there in any case. */
async function load(root, options) {
  // Pyodide would find its folder by a stack trace, which --enable-source-maps rewrites.
  const indexURL = path.dirname(fileURLToPath(import.meta.resolve('pyodide')));
  const python = await loadPyodide({ indexURL, jsglobals: {}, ...options });
  python.FS.mkdirTree('/lib/chat_template');
  python.FS.writeFile(`/lib/chat_template/${JINJA}`, readFileSync(path.join(archives(root), JINJA)));
  return python;
}

const archives = (root) => path.join(root, 'vendor', 'python');
