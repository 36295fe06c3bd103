/** Starts Python with Jinja2 and writes a snapshot of its memory, from which the service starts it. See jinja-python.mjs. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { snapshotFile, startWithoutSnapshot } from '../src/base-models/chat-templates/jinja/jinja-python.mjs';

const root = path.resolve(import.meta.dirname, '..');
const file = snapshotFile(root);
const python = await startWithoutSnapshot(root, { _makeSnapshot: true });
const snapshot = python.makeMemorySnapshot();
rmSync(path.dirname(file), { recursive: true, force: true });
mkdirSync(path.dirname(file), { recursive: true });
// A service that starts meanwhile finds all of it or nothing.
writeFileSync(`${file}.part`, snapshot);
renameSync(`${file}.part`, file);
