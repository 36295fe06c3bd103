import { AppError } from '../../common/errors/app-error.js';

/** A binding that was tried. */
export interface BindingAttempt {
  readonly binding: string;
  /** 'loaded', or why not. */
  readonly outcome: string;
}

/** No TensorFlow.js binding can do what the configuration asks for. */
export class TensorflowUnavailableError extends AppError {
  constructor(asked: string, attempts: readonly BindingAttempt[]) {
    const tried = attempts.map(({ binding, outcome }) => `${binding}: ${outcome}`).join('; ');
    super('engine_unavailable', 'server', 503, `No TensorFlow.js binding gives ${asked}. Tried ${tried}.`, {
      remedy:
        'Fetch its library with `npm rebuild --ignore-scripts=false @tensorflow/tfjs-node-gpu` and install the CUDA libraries ' +
        'that it needs (CUDA 11.2 and cuDNN 8.1, see docs/gpu.md), or set DEVICE=auto, or ENGINE=onnxruntime.',
    });
  }
}
