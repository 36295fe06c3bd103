"""Trains the bundled tiny chat model (models/tiny-chat) from nothing, on text that tiny_chat_text.py makes.

    pip install -r scripts/python-requirements.txt
    python scripts/train-tiny-model.py --steps 2400 --out models/tiny-chat

Writes a Hugging Face folder: a Llama with bf16 weights, a byte-level BPE tokenizer and a ChatML template. Prints the
held-out loss and sample chats while it trains, saves the folder each time, and at the end teaches LoRA adapters to it.
The seed fixes the text, its order and the first weights; the last digits of a loss depend on the machine.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from tiny_chat_text import conversation, held_out, page

END_OF_TEXT, IM_START, IM_END = '<|endoftext|>', '<|im_start|>', '<|im_end|>'  # ids 0, 1, 2
CONTEXT = 1024
TOKENS_PER_STEP = 4096
PAGE_SHARE = 0.12  # the part of the documents that are plain text, not chats
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SAMPLES = [
    'Hello',
    'Who are you?',
    'What is the capital of France?',
    'What colour is the sky?',
    'What is 3 + 4?',
    'Tell me a story about a cat.',
    'What is the opposite of cold?',
    'What is your favourite food?',
    'I feel a bit sad today',
    'what does a nurse do',
    'Name three animals.',
]
TAUGHT = [('Hello', 'Hi there!'), ('What is your favourite food?', 'I love mangoes from the garden.')]


def chat_text(messages):
    """The same string as CHAT_TEMPLATE gives; checked in `train`."""
    return ''.join(f'{IM_START}{m["role"]}\n{m["content"]}{IM_END}\n' for m in messages)


def document(r):
    if r.random() < PAGE_SHARE:
        return page(r) + END_OF_TEXT
    messages = conversation(r)
    while held_out(messages):
        messages = conversation(r)
    return chat_text(messages) + END_OF_TEXT


def held_out_chats(count, seed):
    """`count` one-question chats whose wording training never sees."""
    r, chats = random.Random(seed), []
    while len(chats) < count:
        messages = conversation(r)
        if held_out(messages) and len(messages) == 2:
            chats.append(messages)
    return chats


def train_tokenizer(vocab_size, seed):
    r = random.Random(seed)
    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT, IM_START, IM_END],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    texts = (document(r).replace(END_OF_TEXT, '').replace(IM_START, '').replace(IM_END, '') for _ in range(40_000))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer, out):
    special = {'bos_token': IM_START, 'eos_token': IM_END, 'pad_token': END_OF_TEXT, 'unk_token': END_OF_TEXT}
    config = {
        **special,
        'tokenizer_class': 'PreTrainedTokenizerFast',
        'model_max_length': CONTEXT,
        'clean_up_tokenization_spaces': False,
        'additional_special_tokens': [IM_START, IM_END],
        'chat_template': CHAT_TEMPLATE,
    }
    tokenizer.save(str(out / 'tokenizer.json'))
    (out / 'tokenizer_config.json').write_text(json.dumps(config, indent=2) + '\n')
    (out / 'special_tokens_map.json').write_text(json.dumps(special, indent=2) + '\n')


def rows(tokenizer, length, r):
    """Endless rows of `length` ids. Each starts with a new document, as a prompt does, and cuts its last one."""
    while True:
        ids = []
        while len(ids) < length:
            ids += tokenizer.encode(document(r)).ids
        yield ids[:length]


def new_model(vocab_size):
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5,
        rope_parameters={'rope_type': 'default', 'rope_theta': 10000.0},
        tie_word_embeddings=True,
        initializer_range=0.05,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


def new_optimizers(model, lr):
    """Muon for the matrices inside the layers, AdamW for the embeddings and the norms."""
    inner = [p for name, p in model.named_parameters() if p.dim() == 2 and 'layers' in name]
    outer = [p for name, p in model.named_parameters() if p.dim() == 1 or 'layers' not in name]
    return [
        torch.optim.Muon(inner, lr=lr, weight_decay=0.1, adjust_lr_fn='match_rms_adamw'),
        torch.optim.AdamW(outer, lr=lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def save_model(model, out):
    copy = LlamaForCausalLM(model.config).to(torch.bfloat16)
    copy.load_state_dict(model.state_dict())
    copy.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    copy.save_pretrained(out)


@torch.no_grad()
def answer(model, tokenizer, messages, max_new_tokens=120):
    """The greedy answer to a chat."""
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors='pt', return_dict=True)
    ids = model.generate(**prompt, max_new_tokens=max_new_tokens, do_sample=False)[0, prompt['input_ids'].shape[1] :]
    return tokenizer.decode(ids, skip_special_tokens=True)


@torch.no_grad()
def held_out_loss(model, tokenizer, chats):
    """Mean loss in nats over all tokens, over the assistants' tokens, and how many tokens the answers have."""
    total, count, answers, answer_count = 0.0, 0, 0.0, 0
    for chat in chats:
        ids = torch.tensor([tokenizer(chat_text(chat))['input_ids']])
        asked = len(tokenizer(chat_text(chat[:-1]) + f'{IM_START}assistant\n')['input_ids'])
        losses = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1].float(), ids[0, 1:], reduction='none')
        total, count = total + losses.sum().item(), count + len(losses)
        answers, answer_count = answers + losses[asked - 1 :].sum().item(), answer_count + len(losses) - asked + 1
    return total / count, answers / answer_count


def report(out, chats, with_matches):
    """Loads the saved folder as a user does and prints its figures and samples."""
    tokenizer, model = (
        AutoTokenizer.from_pretrained(out),
        AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval(),
    )
    every, answers = held_out_loss(model, tokenizer, chats)
    print(f'held-out loss {every:.4f} per token, {answers:.4f} per token of the answer', flush=True)
    for question in SAMPLES:
        print(f'  {question}  ->  {answer(model, tokenizer, [{"role": "user", "content": question}])}', flush=True)
    if with_matches:
        same = sum(answer(model, tokenizer, chat[:-1]) == chat[-1]['content'] for chat in chats)
        print(f'greedy answer equals the held-out answer: {same} of {len(chats)}')


def tune_check(out):
    """Teaches single chats to a PEFT adapter and prints after how many steps the greedy answer is the taught one."""
    tokenizer = AutoTokenizer.from_pretrained(out)
    for question, taught in TAUGHT:
        for lr in (5e-4, 2e-3, 5e-3):
            torch.manual_seed(0)
            model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
            chat = [{'role': 'user', 'content': question}, {'role': 'assistant', 'content': taught}]
            before = answer(model, tokenizer, chat[:1])
            lora = LoraConfig(r=16, lora_alpha=32, target_modules=['q_proj', 'v_proj'], task_type='CAUSAL_LM')
            model = get_peft_model(model, lora)
            optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr, weight_decay=0.0)
            ids = torch.tensor([tokenizer(chat_text(chat))['input_ids']])
            changed, step, after = None, 0, before
            while after != taught and step < 60:
                model(input_ids=ids, labels=ids).loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                step, after = step + 1, answer(model, tokenizer, chat[:1])
                changed = changed or (step if after != before else None)
            print(f'  LoRA lr {lr}: {before!r} changes after {changed} steps, is {after!r} after {step}', flush=True)


def train(args):
    started, out = time.time(), Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    transformers.utils.logging.disable_progress_bar()
    save_tokenizer(train_tokenizer(args.vocab, args.seed), out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    sample = conversation(random.Random(0))
    assert tokenizer.apply_chat_template(sample, tokenize=False) == chat_text(sample)
    backend, chats = Tokenizer.from_file(str(out / 'tokenizer.json')), held_out_chats(args.held_out, args.seed + 1)

    model = new_model(args.vocab)
    print(f'{sum(p.numel() for p in model.parameters())} parameters', flush=True)
    optimizers = new_optimizers(model, args.lr)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(
            o, lambda step: min(1, (step + 1) / 100) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        )
        for o in optimizers
    ]
    # One step in ten trains on whole contexts, so that late positions work too.
    streams = {length: rows(backend, length, random.Random(args.seed + length)) for length in (256, CONTEXT)}
    for step in range(1, args.steps + 1):
        length = CONTEXT if step % 10 == 0 else 256
        ids = torch.tensor([next(streams[length]) for _ in range(TOKENS_PER_STEP // length)])
        with torch.autocast('cpu', torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for each in (*optimizers, *schedules):
            each.step()
        model.zero_grad()
        if step % 50 == 0:
            print(f'step {step} loss {loss.item():.4f} {(time.time() - started) / 60:.1f} min', flush=True)
        if step % args.save_every == 0 or step == args.steps:
            save_model(model, out)
            report(out, chats, with_matches=step == args.steps)
    tune_check(out)
    print(f'{args.steps * TOKENS_PER_STEP} tokens seen, {(time.time() - started) / 60:.1f} min')


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', default='models/tiny-chat')
    parser.add_argument('--steps', type=int, default=2400)
    parser.add_argument('--save-every', type=int, default=400)
    parser.add_argument('--held-out', type=int, default=300, help='number of held-out chats')
    parser.add_argument('--vocab', type=int, default=2048)
    parser.add_argument('--lr', type=float, default=3e-3)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--threads', type=int, default=2)
    train(parser.parse_args())
