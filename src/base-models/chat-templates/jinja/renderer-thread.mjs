/** Entry of the renderer's thread: answers every job with what chat_template.py answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { startPython } from './jinja-python.mjs';

const python = await startPython(workerData.root);
const answer = python.pyimport('chat_template').answer;

// What fails outside Python's own exceptions ends the thread; the next job starts a new one.
parentPort.on('message', ({ source, request }) => {
  const json = answer(source, request);
  parentPort.postMessage({ json, memoryBytes: python._module.HEAPU8.length });
});
parentPort.postMessage('ready');
