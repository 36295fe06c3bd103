export { FineTuningModule } from './fine-tuning.module.js';
export { type TokenizingOptions, tokenizeExample, type TrainedSequence } from './data/example-tokens.js';
