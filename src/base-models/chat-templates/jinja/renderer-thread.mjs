/**
 * Entry of the renderer's thread: CPython in WebAssembly (Pyodide) with Jinja2, both from files of this package. Answers
 * every job with what chat_template.py answers. Plain JavaScript, so that it also runs from the sources.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { loadPyodide } from 'pyodide';

const { archives } = workerData;
// Pyodide would find its folder by a stack trace, which --enable-source-maps rewrites.
const indexURL = dirname(fileURLToPath(import.meta.resolve('pyodide')));
const python = await loadPyodide({ indexURL, jsglobals: {} });
python.unpackArchive(new Uint8Array(readFileSync(join(archives, 'jinja2-3.1.6-py3-none-any.whl'))), 'zip', {
  extractDir: '/lib/jinja2',
});
python.unpackArchive(new Uint8Array(readFileSync(join(archives, 'markupsafe-3.0.3.tar.gz'))), 'gztar', {
  extractDir: '/lib/markupsafe',
});
python.runPython("import sys; sys.path[:0] = ['/lib/jinja2', '/lib/markupsafe/markupsafe-3.0.3/src']");
python.FS.writeFile('/lib/jinja2/chat_template.py', readFileSync(new URL('chat_template.py', import.meta.url)));
const answer = python.pyimport('chat_template').answer;

// What fails outside Python's own exceptions ends the thread; the next job starts a new one.
parentPort.on('message', ({ source, request }) => {
  const json = answer(source, request);
  parentPort.postMessage({ json, memoryBytes: python._module.HEAPU8.length });
});
parentPort.postMessage('ready');
