"""The `megatron` engine: Megatron-Core models with tensor, pipeline and data parallelism.

Import order matters: `cpu_patches` runs before anything imports megatron.core, so modules here import megatron.core
through this package.
"""

from thinker_worker.megatron.model import cpu_patches

cpu_patches.apply()
