import { describeConformance } from './compute-backend.cases.js';
import { openTorch, torchMissing } from './torch-subject.js';

const unavailable = torchMissing('hf');

for (const ranks of [1, 2]) {
  describeConformance({
    name: `the hf engine on ${ranks} rank${ranks === 1 ? '' : 's'}`,
    unavailable,
    open: () => openTorch({ ranks }),
  });
}
