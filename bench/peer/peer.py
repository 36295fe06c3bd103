"""The peer of the benchmarks: Hugging Face transformers + PEFT on PyTorch, driven over JSON lines.

A driver starts this once and alternates its commands with our own engine, so that both meet the same machine. One
command per line on stdin, one answer per line on stdout; everything else goes to stderr. The first line out is
{"ready": true, ...versions}. A bad command is answered with {"error": ...}. End of input ends the process.

    step       {"sequences": [[token, ...], ...], "weights"?: [[w, ...], ...], "case"?: str}
               One forward and backward of the sum of w_t * -log p(target_t). A sequence of N+1 tokens gives N inputs
               and N targets (shifted by one), so weights have N numbers each (default 1). Gradients of an earlier step
               are dropped first. -> {"ms", "loss", "case"}; ms spans from token lists to gradients.
    padded_step as step, but one sample at a time, each padded to 512 tokens.
    decode     {"prompt": [token, ...], "batch": B, "new_tokens": T}: greedy, KV cache, LoRA active and not merged.
               -> {"ms", "first_token_ms", "tokens_per_s" (B*T over everything), "decode_tokens_per_s" (without the
               first token of each row, which the prompt's pass gives), "tokens": those of the first row}
    lora_state {"file"}: writes A and B as safetensors under PEFT's names, as in adapter_model.safetensors.
    dump_grads {"file"}: writes the gradients of the last step under the same names.
    peak_rss   {"reset"?: true} -> {"bytes"}: peak resident memory since the start or the last reset.

The peer gets the best settings that measuring found (2 cores, PyTorch 2.13, best processor time of four, alternating):
sdpa attention against eager needs 0.87 of the time at 4x256, 0.92 to 0.96 in decode, and the same within noise at 1x46,
8x64 and ragged. OMP_WAIT_POLICY=PASSIVE, because waiting threads that spin take the cores from each other and from our
own engine as soon as anything else runs (about ten times slower in a pair of runs on a busy machine; not compared on a
quiet one, so a driver may set the variable itself). Keeping freed memory instead of
returning it (MALLOC_MMAP_THRESHOLD_) changed nothing. No gradient buffers kept (zero_grad to none).

`--dtype bfloat16` is the fastest that PyTorch can do where the processor has bfloat16 products: the base in bfloat16, the
adapter in float32, under autocast. Its numbers have 8 bits where float32 has 24.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

# The protocol owns stdout: whatever a library prints must not get into it.
PROTOCOL = os.fdopen(os.dup(1), 'w', buffering=1)
os.dup2(2, 1)
os.environ.setdefault('HF_HUB_OFFLINE', '1')
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
os.environ.setdefault('TQDM_DISABLE', '1')

import peft  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import AutoModelForCausalLM, GenerationConfig, StoppingCriteria, StoppingCriteriaList  # noqa: E402

PADDED_LENGTH = 512


class FirstToken(StoppingCriteria):
    """Stops nothing; notes when the first new token was there."""

    def __init__(self) -> None:
        self.at: float | None = None

    def __call__(self, input_ids, scores, **kwargs):
        self.at = self.at or time.perf_counter()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool)


class Peer:
    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        dtype = getattr(torch, arguments.dtype)
        self.autocast = dtype != torch.float32
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=arguments.attention)
        torch.manual_seed(1)
        lora = LoraConfig(
            r=arguments.rank,
            lora_alpha=arguments.alpha,
            target_modules=arguments.targets.split(','),
            lora_dropout=0.0,
            task_type='CAUSAL_LM',
        )
        # PEFT keeps the adapter in float32 also where the base is not (autocast_adapter_dtype).
        self.model = get_peft_model(base, lora)
        # B is zero in a new adapter, and A would then have no gradient to compare.
        with torch.no_grad():
            for name, parameter in self.trained().items():
                if 'lora_B' in name:
                    parameter.normal_(std=0.01)
        # No dropout is set, so train mode computes the same; eval mode also serves decode.
        self.model.eval()

    def trained(self) -> dict[str, torch.nn.Parameter]:
        named = self.model.named_parameters()
        return {key.replace('.default.', '.'): parameter for key, parameter in named if parameter.requires_grad}

    def step(self, command: dict) -> dict:
        started = time.perf_counter()
        self.model.zero_grad(set_to_none=True)
        loss = self.forward_backward(command['sequences'], weights_of(command), None)
        return {'ms': since(started), 'loss': loss, 'case': command.get('case')}

    def padded_step(self, command: dict) -> dict:
        started = time.perf_counter()
        self.model.zero_grad(set_to_none=True)
        pairs = zip(command['sequences'], weights_of(command), strict=True)
        loss = sum(self.forward_backward([sequence], [weights], PADDED_LENGTH) for sequence, weights in pairs)
        return {'ms': since(started), 'loss': loss, 'case': command.get('case')}

    def forward_backward(self, sequences: list[list[int]], weights: list[list[float]], length: int | None) -> float:
        longest = length or max(len(sequence) - 1 for sequence in sequences)
        inputs = padded([s[:-1] for s in sequences], longest, torch.long)
        targets = padded([s[1:] for s in sequences], longest, torch.long)
        weight = padded(weights, longest, torch.float32)
        # A mask only where there is padding: without one transformers takes the faster causal kernel.
        mask = None
        if any(len(sequence) - 1 < longest for sequence in sequences):
            mask = padded([[1] * (len(s) - 1) for s in sequences], longest, torch.long)
        with torch.enable_grad(), torch.autocast('cpu', torch.bfloat16, enabled=self.autocast):
            logits = self.model(input_ids=inputs, attention_mask=mask, use_cache=False).logits
            losses = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction='none')
            loss = (losses * weight.flatten()).sum()
        loss.backward()
        return loss.item()

    def decode(self, command: dict) -> dict:
        prompt, batch, new_tokens = command['prompt'], command['batch'], command['new_tokens']
        first = FirstToken()
        # No end token, so that every run makes exactly new_tokens.
        self.model.generation_config.eos_token_id = None
        config = GenerationConfig(do_sample=False, max_new_tokens=new_tokens, use_cache=True, pad_token_id=0)
        started = time.perf_counter()
        ids = torch.tensor([prompt] * batch)
        with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, enabled=self.autocast):
            out = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                stopping_criteria=StoppingCriteriaList([first]),
            )
        ms = since(started)
        first_ms = (first.at - started) * 1000
        tokens = out[0, len(prompt) :].tolist()
        assert len(tokens) == new_tokens, f'{len(tokens)} tokens instead of {new_tokens}'
        return {
            'ms': ms,
            'first_token_ms': first_ms,
            'tokens_per_s': batch * new_tokens * 1000 / ms,
            'decode_tokens_per_s': batch * (new_tokens - 1) * 1000 / (ms - first_ms) if new_tokens > 1 else None,
            'tokens': tokens,
        }

    def lora_state(self, command: dict) -> dict:
        return save(command['file'], {key: parameter.detach() for key, parameter in self.trained().items()})

    def dump_grads(self, command: dict) -> dict:
        missing = [key for key, parameter in self.trained().items() if parameter.grad is None]
        if missing:
            raise ValueError('there are no gradients: run a step first')
        return save(command['file'], {key: parameter.grad for key, parameter in self.trained().items()})

    def peak_rss(self, command: dict) -> dict:
        # Not ru_maxrss: that one starts at the size of the process that forked this one.
        status = Path('/proc/self/status').read_text()
        peak = next(line for line in status.splitlines() if line.startswith('VmHWM'))
        if command.get('reset'):
            Path('/proc/self/clear_refs').write_text('5')
        return {'bytes': int(peak.split()[1]) * 1024}


def weights_of(command: dict) -> list[list[float]]:
    sequences = command['sequences']
    weights = command.get('weights') or [[1.0] * (len(s) - 1) for s in sequences]
    if [len(w) for w in weights] != [len(s) - 1 for s in sequences]:
        raise ValueError('weights need one number per target: one less than the tokens of the sequence')
    return weights


def padded(rows: list[list], length: int, dtype: torch.dtype) -> torch.Tensor:
    out = torch.zeros(len(rows), length, dtype=dtype)
    for i, row in enumerate(rows):
        out[i, : len(row)] = torch.tensor(row, dtype=dtype)
    return out


def save(file: str, tensors: dict[str, torch.Tensor]) -> dict:
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, file)
    return {'file': file, 'tensors': len(tensors)}


def since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def answer(peer: Peer, line: str) -> dict:
    try:
        command = json.loads(line)
        operations = ('step', 'padded_step', 'decode', 'lora_state', 'dump_grads', 'peak_rss')
        if command.get('op') not in operations:
            raise ValueError(f'unknown op {command.get("op")!r}, known: {", ".join(operations)}')
        return {'op': command['op'], **getattr(peer, command['op'])(command)}
    except Exception as error:  # the driver decides what a failed command means
        return {'error': f'{type(error).__name__}: {error}'}


def main() -> None:
    default_model = Path(__file__).resolve().parents[2] / '.cache' / 'bench' / 'smollm2-135m-random'
    parser = argparse.ArgumentParser(description='transformers + PEFT, driven over JSON lines on stdin and stdout.')
    parser.add_argument('--model', type=Path, default=default_model)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--attention', choices=['sdpa', 'eager'], default='sdpa')
    parser.add_argument('--dtype', choices=['float32', 'bfloat16'], default='float32')
    parser.add_argument('--rank', type=int, default=16)
    parser.add_argument('--alpha', type=int, default=32)
    parser.add_argument('--targets', default='q_proj,v_proj', help='comma-separated module names')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    peer = Peer(arguments.model, arguments)
    ready = {
        'ready': True,
        'torch': torch.__version__,
        'transformers': transformers.__version__,
        'peft': peft.__version__,
        'python': platform.python_version(),
        'threads': torch.get_num_threads(),
        'attention': arguments.attention,
        'dtype': arguments.dtype,
        'trainable_parameters': sum(parameter.numel() for parameter in peer.trained().values()),
    }
    print(json.dumps(ready), file=PROTOCOL, flush=True)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(peer, line)), file=PROTOCOL, flush=True)


if __name__ == '__main__':
    main()
