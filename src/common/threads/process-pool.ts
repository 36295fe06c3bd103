import { Injectable } from '@nestjs/common';
import { startProcess, type TaskHost, type TaskHostEvents } from './task-host.js';
import { ThreadPool } from './thread-pool.js';

/**
 * The same in processes, for a task that may take all memory, or end its process, on what a client has sent: a thread
 * does not hold what V8 itself gives up on. Starting one takes a tenth of a second. Inputs and outputs are JSON.
 */
@Injectable()
export class ProcessPool extends ThreadPool {
  protected override startHost(events: TaskHostEvents): TaskHost {
    return startProcess(events);
  }
}
