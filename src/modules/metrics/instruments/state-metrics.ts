import { Counter, Histogram, type Registry } from 'prom-client';
import { adapterEvicted, adapterRestored, snapshotWritten } from '../../../common/probes.js';

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];

/** Adapter states on their way between memory and disk. */
export function measureStates(registry: Registry): () => void {
  const registers = [registry];
  const written = new Histogram({
    name: 'thinker_snapshot_write_seconds',
    help: 'Time to write a state snapshot, also one that failed.',
    buckets: SECONDS,
    registers,
  });
  const bytes = new Counter({
    name: 'thinker_snapshot_written_bytes_total',
    help: 'Bytes of the state snapshots written.',
    registers,
  });
  const failures = new Counter({
    name: 'thinker_snapshot_failures_total',
    help: 'State snapshots that could not be written.',
    registers,
  });
  const restored = new Histogram({
    name: 'thinker_adapter_restore_seconds',
    help: "Time to rebuild an adapter's state: read a snapshot, then replay the operations after it.",
    buckets: SECONDS,
    registers,
  });
  const replayed = new Counter({
    name: 'thinker_replayed_operations_total',
    help: 'Operations replayed to rebuild adapter states.',
    registers,
  });
  const evicted = new Counter({
    name: 'thinker_adapter_evictions_total',
    help: 'Adapters evicted from the memory of this worker.',
    registers,
  });
  const ends = [
    adapterEvicted.subscribe(() => evicted.inc()),
    adapterRestored.subscribe((event) => {
      restored.observe(event.seconds);
      replayed.inc(event.replayed);
    }),
    snapshotWritten.subscribe((event) => {
      written.observe(event.seconds);
      if (event.bytes === null) failures.inc();
      else bytes.inc(event.bytes);
    }),
  ];
  return () => ends.forEach((end) => end());
}
