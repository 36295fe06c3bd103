"""Thinking Machines' own training loops, as the cookbook ships them, on the tiny model."""

import asyncio
import json
from functools import partial
from importlib.util import find_spec

import pytest
from support import step, supervised_datum

if find_spec("tinker_cookbook") is None:
    pytest.skip("needs the cookbook, which comes with torch: scripts/python-env.sh, sdk-env.sh", allow_module_level=True)

import chz
import datasets
from tinker_cookbook import tokenizer_utils, weights
from tinker_cookbook.distillation import train_on_policy
from tinker_cookbook.distillation.datasets import DistillationDatasetConfig, TeacherConfig
from tinker_cookbook.preference import train_dpo
from tinker_cookbook.preference.dpo_datasets import DPODatasetBuilderFromComparisons
from tinker_cookbook.preference.preference_datasets import ComparisonDatasetBuilder
from tinker_cookbook.preference.types import Comparison, LabeledComparison
from tinker_cookbook.renderers import TrainOnWhat, get_renderer
from tinker_cookbook.rl import train as rl
from tinker_cookbook.rl.problem_env import ProblemEnv, ProblemGroupBuilder
from tinker_cookbook.rl.types import RLDataset, RLDatasetBuilder
from tinker_cookbook.supervised import train as supervised
from tinker_cookbook.supervised.data import FromConversationFileBuilder
from tinker_cookbook.supervised.types import ChatDatasetBuilderCommonConfig

MODEL = "tiny-chat"
RENDERER = "role_colon"
COMMON = {"model_name": MODEL, "renderer_name": RENDERER, "recipe_name": "test", "lora_rank": 8}


@pytest.fixture(autouse=True)
def known_tokenizer(tokenizer):
    """Its loops ask the hub for the tokenizer of the model's name."""
    tokenizer_utils.register_tokenizer(MODEL, lambda: tokenizer)


def metrics(log_path, name):
    """A metric of each step that has it."""
    lines = map(json.loads, (log_path / "metrics.jsonl").read_text().splitlines())
    return [line[name] for line in lines if name in line]


def last_checkpoint(log_path):
    return json.loads((log_path / "checkpoints.jsonl").read_text().splitlines()[-1])


def chat(batch_size):
    return ChatDatasetBuilderCommonConfig(
        model_name_for_tokenizer=MODEL,
        renderer_name=RENDERER,
        max_length=128,
        batch_size=batch_size,
        train_on_what=TrainOnWhat.ALL_ASSISTANT_MESSAGES,
    )


class TestSupervised:
    @staticmethod
    def config(url, log_path, conversations, **settings):
        builder = FromConversationFileBuilder(common_config=chat(4), file_path=str(conversations), test_size=2)
        loop = {"num_epochs": 8, "learning_rate": 3e-3, "eval_every": 4, "save_every": 2}
        return supervised.Config(**COMMON, **loop, log_path=str(log_path), dataset_builder=builder, base_url=url, **settings)

    @pytest.fixture
    def conversations(self, tmp_path):
        path = tmp_path / "conversations.jsonl"
        turns = [("user", "What is your name?"), ("assistant", "My name is Ada, and I like to count.")]
        line = json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})
        path.write_text("\n".join([line] * 10))
        return path

    def test_learns_what_it_is_shown(self, url, tmp_path, conversations):
        asyncio.run(supervised.main(self.config(url, tmp_path / "run", conversations)))
        nll = metrics(tmp_path / "run", "train_mean_nll")
        assert nll[-1] < nll[0] / 4
        assert metrics(tmp_path / "run", "test/nll")[-1] < nll[0] / 2
        assert last_checkpoint(tmp_path / "run")["state_path"].endswith("/weights/final")

    def test_goes_on_where_it_was_stopped(self, url, tmp_path, conversations):
        one_by_one = {"lr_schedule": "constant", "max_steps": 6, "submit_ahead": 0}
        run = partial(self.config, url, tmp_path / "run", conversations, **one_by_one)
        asyncio.run(supervised.main(run()))
        checkpoints = tmp_path / "run" / "checkpoints.jsonl"
        as_if_stopped = checkpoints.read_text().splitlines()[:2]
        checkpoints.write_text("\n".join(as_if_stopped) + "\n")
        asyncio.run(supervised.main(run()))
        nll = metrics(tmp_path / "run", "train_mean_nll")
        assert len(nll) == 8
        # It saves after a step and goes on with that step's number; all batches here hold the same chats.
        assert nll[6] == nll[5]


class WordEnv(ProblemEnv):
    """Rewards the word 'the' in the answer."""

    QUESTION = "Tell me about the moon."

    def get_question(self):
        return self.QUESTION

    def check_answer(self, sample_str):
        return "the" in sample_str.lower().split()

    def check_format(self, sample_str):
        return True

    def get_reference_answer(self):
        return "the"


class WordDataset(RLDataset):
    def __init__(self, renderer, groups, size, batches):
        self.renderer, self.groups, self.size, self.batches = renderer, groups, size, batches

    def get_batch(self, index):
        env = partial(WordEnv, self.renderer, format_coef=0.0)
        return [ProblemGroupBuilder(env_thunk=env, num_envs=self.size) for _ in range(self.groups)]

    def __len__(self):
        return self.batches


@chz.chz
class WordBuilder(RLDatasetBuilder):
    batches: int
    groups: int = 4
    size: int = 8

    async def __call__(self):
        renderer = get_renderer(RENDERER, tokenizer_utils.get_tokenizer(MODEL))
        return WordDataset(renderer, self.groups, self.size, self.batches), None


REINFORCEMENT = {
    "importance sampling": {},
    "ppo in substeps": {"loss_fn": "ppo", "num_substeps": 2},
    "cispo": {"loss_fn": "cispo", "compute_post_kl": True},
    "off policy": {"async_config": rl.AsyncConfig(max_steps_off_policy=2, groups_per_batch=4)},
    "streamed": {"stream_minibatch_config": rl.StreamMinibatchConfig(groups_per_batch=4, num_minibatches=2)},
    "with a reference": {"kl_penalty_coef": 0.01, "kl_reference_config": rl.KLReferenceConfig(base_model=MODEL)},
}


class TestReinforcement:
    @pytest.mark.parametrize("settings", REINFORCEMENT.values(), ids=REINFORCEMENT)
    def test_reward_rises(self, url, tmp_path, settings):
        loop = {"learning_rate": 3e-3, "max_tokens": 12, "eval_every": 0, "save_every": 0}
        config = rl.Config(**COMMON, **loop, **settings, log_path=str(tmp_path), dataset_builder=WordBuilder(batches=6), base_url=url)
        asyncio.run(rl.main(config))
        rewards = metrics(tmp_path, "env/all/reward/total")
        assert sum(rewards[-2:]) > sum(rewards[:2]) + 0.2, rewards
        if settings.get("num_substeps", 1) == 1:
            # Nothing has changed since these were sampled: sampler and trainer agree up to float32.
            assert metrics(tmp_path, "optim/kl_sample_train_v2")[0] < 1e-9


@chz.chz
class Preferences(ComparisonDatasetBuilder):
    def get_train_and_test_datasets(self):
        return datasets.Dataset.from_list([{"number": number} for number in range(16)]), None

    def example_to_labeled_comparison(self, example):
        def says(role, text):
            return [{"role": role, "content": text}]

        pair = Comparison(
            prompt_conversation=says("user", f"Say {example['number']}."),
            completion_A=says("assistant", f"Yes, {example['number']}."),
            completion_B=says("assistant", "No, no, no."),
        )
        return LabeledComparison(comparison=pair, label="A")


def test_preferences_are_learnt(url, tmp_path):
    builder = DPODatasetBuilderFromComparisons(comparison_builder=Preferences(), common_config=chat(4))
    config = train_dpo.Config(
        **COMMON, log_path=str(tmp_path), dataset_builder=builder, learning_rate=1e-3, num_epochs=2, base_url=url
    )
    train_dpo.main(config)
    assert metrics(tmp_path, "dpo_loss")[0] == pytest.approx(0.693147, abs=1e-5)  # ln 2: policy and reference agree
    assert metrics(tmp_path, "accuracy")[-1] == 1


@pytest.mark.parametrize("teacher_is", ["the base model", "a checkpoint"])
def test_a_teacher_is_asked(url, tmp_path, trainer, tokenizer, teacher_is):
    path = None
    if teacher_is == "a checkpoint":
        for _ in range(8):
            step(trainer, [supervised_datum(tokenizer, WordEnv.QUESTION, "I only know that it is far away.")])
        path = trainer.save_weights_for_sampler("teacher").result().path
    lesson = DistillationDatasetConfig(
        dataset_builder=WordBuilder(batches=2),
        teacher_config=TeacherConfig(base_model=MODEL, load_checkpoint_path=path),
        groups_per_batch=4,
    )
    loop = {"learning_rate": 1e-3, "max_tokens": 12, "eval_every": 0, "save_every": 0}
    config = train_on_policy.Config(**COMMON, **loop, log_path=str(tmp_path), dataset_configs=[lesson], base_url=url)
    asyncio.run(train_on_policy.main(config))
    distance = metrics(tmp_path, "teacher_kl")[0]
    # A new student is the base model itself; the rest is float32.
    assert distance > 0.3 if path else abs(distance) < 1e-5


def test_a_checkpoint_is_downloaded_through_an_encrypted_export(url, trainer, tmp_path):
    path = trainer.save_state("kept").result().path
    weights.download(tinker_path=path, output_dir=str(tmp_path), base_url=url)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "checkpoint_complete",
    ]
    assert json.loads((tmp_path / "adapter_config.json").read_text())["peft_type"] == "LORA"
