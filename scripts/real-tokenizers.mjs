/** node scripts/real-tokenizers.mjs: installs the tokenizers that the tests compare with transformers (npm test does). */
import { ensureRealTokenizers } from './lib/real-tokenizers.mjs';

if (!(await ensureRealTokenizers())) process.exitCode = 1;
