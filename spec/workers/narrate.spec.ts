import { describe, expect, test } from 'vitest';
import type { WorkerExit } from '../../lib/workers/exit.ts';
import { narrate } from '../../lib/workers/narrate.ts';
import type { News } from '../../lib/workers/news.ts';

/** What is written at the level `info` or above, and with what. */
const told = (news: News): readonly (readonly [line: string, details?: unknown])[] => {
  const lines: [string, unknown?][] = [];
  const write =
    (level: string) =>
    (message: string, details?: unknown): void => {
      lines.push(details === undefined ? [`${level}: ${message}`] : [`${level}: ${message}`, details]);
    };
  narrate({ at: 0, ...news }, { error: write('error'), warn: write('warn'), info: write('info'), debug: () => {} });
  return lines;
};

const ended = (exit: Partial<WorkerExit>, pid = 17): News => ({
  type: 'exit',
  slot: 1,
  pid,
  exit: { code: 0, signal: null, crash: false, forced: false, at: 0, ...exit },
});

describe('the end of a process', () => {
  test('that crashed is told in one line: it has printed its stack itself', () => {
    const busy = Object.assign(new Error('the port is taken\n  by somebody'), { code: 'EADDRINUSE' });
    expect(told(ended({ code: 1, crash: true, error: busy }))).toEqual([
      ['warn: worker 1, process 17, ended with exit code 1: the port is taken (EADDRINUSE)'],
    ]);
    expect(told(ended({ code: 1, crash: true, error: new TypeError('') }))).toEqual([
      ['warn: worker 1, process 17, ended with exit code 1: TypeError'],
    ]);
    expect(told(ended({ code: null, signal: 'SIGSEGV', crash: true }))).toEqual([
      ['warn: worker 1, process 17, ended by SIGSEGV'],
    ]);
  });

  test('says a code once', () => {
    const error = Object.assign(new Error('bind EADDRINUSE 127.0.0.1:80'), { code: 'EADDRINUSE' });
    expect(told(ended({ code: 1, crash: true, error }))).toEqual([
      ['warn: worker 1, process 17, ended with exit code 1: bind EADDRINUSE 127.0.0.1:80'],
    ]);
  });

  test('that never began is told with what was behind it', () => {
    const error = new Error('no process', { cause: new Error('spawn EAGAIN') });
    expect(told(ended({ code: null, crash: true, error }, 0))).toEqual([
      ['warn: worker 1 could not be started: no process: spawn EAGAIN'],
    ]);
  });

  test('that somebody asked for is told when it was late, and that nobody asked for when it failed nobody', () => {
    expect(told(ended({ intent: 'restart' }))).toEqual([]);
    expect(told(ended({ intent: 'stop', code: null, signal: 'SIGKILL', forced: true }))).toEqual([
      ['warn: worker 1, process 17, ended by SIGKILL (stop): it did not leave in time'],
    ]);
    expect(told(ended({}))).toEqual([['info: worker 1, process 17, ended with exit code 0: nobody asked it to']]);
  });
});

test('a slot that is given up, and comes back, says why', () => {
  expect(told({ type: 'respawning', slot: 1, delayMs: 200 })).toEqual([['info: worker 1 comes back in 200 ms']]);
  expect(told({ type: 'disabled', slot: 1, crashes: 3, withinMs: 412.3 })).toEqual([
    ['error: worker 1 is disabled: it failed 3 times within 412 ms'],
  ]);
  expect(told({ type: 'enabled', slot: 1, by: 'cool-down' })).toEqual([
    ['info: worker 1 gets another chance, after it has cooled down'],
  ]);
});

test('a restart is told by what it came to', () => {
  const report = { replaced: [0, 1], kept: [], failed: [], forced: [1], durationMs: 300.4 };
  expect(told({ type: 'restart-begun', count: 2 })).toEqual([['info: restarting 2 workers, one after the other']]);
  expect(told({ type: 'restart-ended', report: { ...report, status: 'done' } })).toEqual([
    ['warn: worker 1 did not leave in time and had to be killed'],
    ['info: 2 workers restarted in 300 ms'],
  ]);
  const cause = new Error('it was not ready');
  expect(told({ type: 'restart-ended', report: { ...report, forced: [], status: 'refused', cause } })).toEqual([
    ['warn: the restart was refused: it was not ready'],
  ]);
  const failed = new Error('the replacement failed', { cause });
  expect(told({ type: 'restart-ended', report: { ...report, forced: [], status: 'aborted', cause: failed } })).toEqual([
    [
      'error: the restart was given up after 300 ms, with 2 workers restarted: the replacement failed: it was not ready',
    ],
  ]);
});
