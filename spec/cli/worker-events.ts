import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { WorkerExit } from '../../lib/workers/exit.ts';
import type { RestartReport } from '../../lib/workers/restart-report.ts';

/** When all of them happened. */
export const at = 1_795_000_000_000;
/** A crash. */
export const exit: WorkerExit = { code: 1, signal: null, crash: true, forced: false, at };
const report: RestartReport = {
  status: 'done',
  replaced: [0, 1],
  kept: [],
  failed: [],
  forced: [],
  durationMs: 412.4,
};
const slow = Object.assign(new Error('worker 1 did not become ready within 300 ms'), { code: 'ERR_X', hint: 'wait' });

/** One of each kind of event, its line, and whether it is about something that is wrong. */
export const SAID: readonly (readonly [WorkersEvent, string, 'wrong' | 'well'])[] = [
  [{ at, type: 'starting', slot: 0, pid: 7, why: 'start' }, 'worker  0 starting as process 7', 'well'],
  [
    { at, type: 'starting', slot: 0, pid: 8, why: 'respawn' },
    'worker  0 starting as process 8, in place of one that ended',
    'well',
  ],
  [
    { at, type: 'starting', slot: 0, pid: 9, why: 'replacement' },
    'worker  0 starting as process 9, to take over',
    'well',
  ],
  [{ at, type: 'active', slot: 0, pid: 7, bootMs: 81.6 }, 'worker  0 active, after 82 ms', 'well'],
  [{ at, type: 'draining', slot: 0, pid: 7, reason: 'restart' }, 'worker  0 draining: restart', 'well'],
  [{ at, type: 'exit', slot: 0, pid: 7, exit }, 'worker  0 crashed with code 1 (process 7)', 'wrong'],
  [
    { at, type: 'exit', slot: 0, pid: 7, exit: { ...exit, error: new Error('no database') } },
    'worker  0 crashed with code 1: no database (process 7)',
    'wrong',
  ],
  [
    { at, type: 'exit', slot: 0, pid: 7, exit: { ...exit, code: null, signal: 'SIGKILL' } },
    'worker  0 crashed by SIGKILL (process 7)',
    'wrong',
  ],
  [
    { at, type: 'exit', slot: 0, pid: 7, exit: { ...exit, code: 0, crash: false } },
    'worker  0 ended with code 0 (process 7)',
    'well',
  ],
  [
    { at, type: 'exit', slot: 0, pid: 7, exit: { ...exit, code: 0, crash: false, intent: 'stop' } },
    'worker  0 stopped: stop (process 7)',
    'well',
  ],
  [
    {
      at,
      type: 'exit',
      slot: 0,
      pid: 7,
      exit: { ...exit, signal: 'SIGKILL', crash: false, forced: true, intent: 'stop' },
    },
    'worker  0 had to be killed, by SIGKILL (process 7)',
    'wrong',
  ],
  [
    { at, type: 'exit', slot: 1, pid: 7, exit: { ...exit, crash: false, intent: 'unready' } },
    'worker  1 did not get ready (process 7)',
    'wrong',
  ],
  [
    { at, type: 'exit', slot: 0, pid: 0, exit: { ...exit, error: new Error('spawn EAGAIN') } },
    'worker  0 could not be started: spawn EAGAIN',
    'wrong',
  ],
  [{ at, type: 'respawning', slot: 0, delayMs: 100 }, 'worker  0 respawning in 100 ms', 'well'],
  [
    { at, type: 'disabled', slot: 2, crashes: 3, withinMs: 1_812 },
    'worker  2 disabled: 3 crashes within 1812 ms',
    'wrong',
  ],
  [{ at, type: 'enabled', slot: 2, by: 'cool-down' }, 'worker  2 gets another chance', 'well'],
  [{ at, type: 'enabled', slot: 2, by: 'caller' }, 'worker  2 enabled', 'well'],
  [
    { at, type: 'unresponsive', slot: 0, pid: 7, silentMs: 2_500 },
    'worker  0 unresponsive for 2500 ms (process 7), is replaced',
    'wrong',
  ],
  [{ at, type: 'outgrown', slot: 0, pid: 7, reason: 'memory' }, 'worker  0 holds too much memory, is replaced', 'well'],
  [
    { at, type: 'breaker', open: true, crashes: 1 },
    'worker  1 crash of all workers together: nobody is started again for now',
    'wrong',
  ],
  [{ at, type: 'breaker', open: false, crashes: 0 }, 'worker  workers are started again', 'well'],
  [{ at, type: 'restart-begun', count: 2 }, 'worker  restart of 2 workers begun', 'well'],
  [{ at, type: 'restart-ended', report }, 'worker  restart done in 412 ms: 2 workers replaced', 'well'],
  [
    { at, type: 'restart-ended', report: { ...report, forced: [1] } },
    'worker  restart done in 412 ms: 2 workers replaced, worker 1 was killed',
    'wrong',
  ],
  [
    {
      at,
      type: 'restart-ended',
      report: { ...report, status: 'aborted', replaced: [0], failed: [1], kept: [2], cause: slow },
    },
    'worker  restart aborted after 412 ms: 1 worker replaced, worker 1 failed, 1 worker kept: worker 1 did not become ready within 300 ms',
    'wrong',
  ],
  [
    {
      at,
      type: 'restart-ended',
      report: {
        ...report,
        status: 'aborted',
        replaced: [],
        failed: [0],
        kept: [1],
        cause: Object.assign(new Error('not ready', { cause: new Error('exit', { cause: new Error('boom') }) }), {
          hint: 'see the cause',
        }),
      },
    },
    'worker  restart aborted after 412 ms: 0 workers replaced, worker 0 failed, 1 worker kept: not ready: exit: boom',
    'wrong',
  ],
  [{ at, type: 'scaled', from: 2, to: 4 }, 'worker  2 → 4 workers', 'well'],
  [
    { at, type: 'warning', code: 'ERR_X', message: 'shared instead', hint: 'look' },
    'worker  shared instead (ERR_X; hint: look)',
    'wrong',
  ],
];
