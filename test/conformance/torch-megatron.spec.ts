import { describeConformance } from './compute-backend.cases.js';
import { openTorch, torchMissing } from './torch-subject.js';

const unavailable = torchMissing('megatron');

for (const [name, rank] of [
  ['tensor parallelism of 2', { tensor: 2 }],
  ['pipeline parallelism of 2', { pipeline: 2 }],
] as const) {
  describeConformance({
    name: `the megatron engine with ${name}`,
    unavailable,
    open: () => openTorch({ engine: 'megatron', ranks: 2, rank }),
  });
}
