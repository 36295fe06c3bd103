"""Make test/fixtures: tiny random checkpoints and what PyTorch, transformers and PEFT compute with them.

    .venv/bin/python test/numerics/make-fixtures.py            write test/fixtures again
    .venv/bin/python test/numerics/make-fixtures.py --check    fail when a new run would differ from what is there

Everything is seeded: the same package versions (versions.json, scripts/python-requirements.txt) write the same numbers,
up to the last bits of float32 on another CPU, so that the check allows those in JSON files.
LoRA dropout has no fixture: its random mask can't agree with PyTorch's bit for bit.
"""

import argparse
import filecmp
import json
import platform
import shutil
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings('ignore', module='peft')

from fixtures.adamw import write_adamw  # noqa: E402
from fixtures.common import write_json  # noqa: E402
from fixtures.lora import write_lora  # noqa: E402
from fixtures.models import write_models  # noqa: E402
from fixtures.preferences import write_preferences  # noqa: E402
from fixtures.references import write_references  # noqa: E402
from fixtures.sampling import write_sampling  # noqa: E402
from fixtures.written_losses import write_written_losses  # noqa: E402

ROOT = Path(__file__).resolve().parents[1] / 'fixtures'
FOLDERS = ['models', 'references', 'peft']
JSON = [
    'adamw.json',
    'lora-init.json',
    'sampling.json',
    'generation.json',
    'written-losses.json',
    'preferences.json',
    'versions.json',
]
MADE = [*FOLDERS, *JSON]


def write_all(root: Path) -> None:
    write_models(root)
    write_references(root)
    write_adamw(root)
    write_lora(root)
    write_sampling(root)
    write_written_losses(root)
    write_preferences(root)
    packages = ['torch', 'transformers', 'peft', 'safetensors']
    write_json(root / 'versions.json', {'python': platform.python_version(), **{p: version(p) for p in packages}})


def files(root: Path) -> dict[str, Path]:
    found = [path for name in MADE for path in ([root / name] if (root / name).is_file() else (root / name).rglob('*'))]
    return {str(path.relative_to(root)): path for path in found if path.is_file()}


# PyTorch's kernels differ between CPUs in whether a product is rounded before it is divided or added. One such rounding
# is 1.2e-7 of a float32 (addcdiv in AdamW, seen in adamw.json); six steps add up to a few of them.
ROUNDING = 1e-6


def alike(old: object, new: object, scale: float = 0.0) -> bool:
    """Equal but for the rounding of floats, relative to the largest float of the same list."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(alike(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        largest = max((abs(value) for value in old if isinstance(value, float)), default=0.0)
        return len(old) == len(new) and all(alike(a, b, largest) for a, b in zip(old, new))
    if isinstance(old, float) and isinstance(new, float):
        return old == new or abs(old - new) <= ROUNDING * max(scale, abs(old))
    return type(old) is type(new) and old == new


def same(old: Path, new: Path) -> bool:
    if filecmp.cmp(old, new, shallow=False):
        return True
    return old.suffix == '.json' and alike(json.loads(old.read_text()), json.loads(new.read_text()))


def differences(old: Path, new: Path) -> list[str]:
    before, after = files(old), files(new)
    changed = [k for k in before.keys() & after.keys() if not same(before[k], after[k])]
    return sorted([*changed, *(before.keys() ^ after.keys())])


def main() -> int:
    parser = argparse.ArgumentParser(description='Make the numeric fixtures.')
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 when a new run would differ')
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        write_all(made)
        changed = differences(ROOT, made)
        if check:
            print('\n'.join([f'differs: {name}' for name in changed]) or 'fixtures: no difference')
            return 1 if changed else 0
        for name in MADE:
            old = ROOT / name
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
        shutil.copytree(made, ROOT, dirs_exist_ok=True)
    size = sum(path.stat().st_size for path in files(ROOT).values())
    print(f'fixtures: {len(files(ROOT))} files, {size / 1e6:.2f} MB, {len(changed)} changed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
