"""Settings that libraries read when they are loaded."""

from thinker_worker.environment import prepare_libraries

prepare_libraries()
