import { type TorchSettings } from '../../src/compute/torch/torch-settings.js';

export const CPU_RANK: TorchSettings['rank'];
