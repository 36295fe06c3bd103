import path from 'node:path';
import { projectRoot } from '../../scripts/lib/bootstrap.mjs';

export { projectRoot };
export const cacheFolder = path.join(projectRoot, '.cache', 'bench');
/** Random weights in SmolLM2-135M's shape, which every side loads. */
export const checkpoint = path.join(cacheFolder, 'smollm2-135m-random');
export const python = path.join(projectRoot, '.venv', 'bin', 'python');
/** The environment of the torch backend. */
export const torchPython = path.join(projectRoot, '.venv-torch', 'bin', 'python');
/** The newest version that the tests of the SDK run with. */
export const SDK_VERSION = '0.38.0';
export const sdkPython = path.join(projectRoot, `.venv-sdk-${SDK_VERSION}`, 'bin', 'python');
export const tinyModel = path.join(projectRoot, 'models', 'tiny-chat');
/** DATA_DIR of the measured service; only its weight cache outlives a run. */
export const serviceData = path.join(cacheFolder, 'service');
/** The engine's float32 weights, one copy for the service and the engine alone. */
export const weightCache = path.join(serviceData, 'weights');
export const resultsFile = path.join(projectRoot, 'bench', 'RESULTS.md');
