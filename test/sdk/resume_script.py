"""A process of its own for test_resume: resumes the path it is given and prints the losses of the next steps."""

import json
import sys
import warnings

import tinker
from support import ready, step, supervised_datum
from test_resume import LESSON

warnings.filterwarnings("ignore", category=FutureWarning)
path, count = sys.argv[1], int(sys.argv[2])
trainer = ready(tinker.ServiceClient().create_training_client_from_state_with_optimizer(path))
data = [supervised_datum(trainer.get_tokenizer(), *LESSON)]
print(json.dumps([step(trainer, data).metrics["loss:sum"] for _ in range(count)]))
