"""Log-probs that transformers and PEFT compute for adapters from files.

    python peft_logprobs.py '[{"model": folder, "adapter": folder, "tokens": [[..]], "targets": [[..]]}, ..]'

Prints, for each adapter, one list for each datum.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def logprobs(request: dict) -> list[list[float]]:
    base = AutoModelForCausalLM.from_pretrained(request['model'], dtype=torch.float32, attn_implementation='eager')
    model = PeftModel.from_pretrained(base, request['adapter']).eval()
    return [
        model(input_ids=torch.tensor([tokens]))
        .logits[0]
        .log_softmax(-1)
        .gather(1, torch.tensor(targets)[:, None])[:, 0]
        .tolist()
        for tokens, targets in zip(request['tokens'], request['targets'], strict=True)
    ]


with torch.no_grad():
    print(json.dumps([logprobs(request) for request in json.loads(sys.argv[1])]))
