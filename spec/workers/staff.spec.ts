import { expect, test } from 'vitest';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import { settingsOf } from '../../lib/workers/settings.ts';
import { Staff } from '../../lib/workers/staff.ts';
import { fakeProcesses, virtualTime } from './fake-process.ts';

const staffed = (options: Partial<WorkersOptions> = {}) => {
  const processes = fakeProcesses();
  const told: string[] = [];
  const staff = new Staff({
    settings: settingsOf({ port: 3000, script: '/srv/worker.js', count: 4, ...options }),
    clock: virtualTime(),
    processes,
    sockets: {
      serve: ({ pid }) => {
        told.push(`sockets ${pid}`);
        return { unsubscribe: () => {} };
      },
    },
    census: { add: (slot, { pid }) => told.push(`census ${slot} ${pid}`) },
    topics: { add: (slot, { pid }) => told.push(`topics ${slot} ${pid}`) },
    count: () => 5,
  });
  return { staff, processes, told };
};

test('a process is told who it is when it has said hello, and everybody who deals with it knows it by then', () => {
  const { staff, processes, told } = staffed({ env: (slot) => ({ SLOT: `${slot}` }), args: ['--fast'] });
  staff.hire(2);
  expect(told).toEqual(['sockets 1000', 'census 2 1000', 'topics 2 1000']);
  const [process] = processes.started;
  expect(process?.launch).toMatchObject({ script: '/srv/worker.js', env: { SLOT: '2' }, preload: [] });
  expect(process?.received).toEqual([]);
  process?.hello();
  const assignment = { slot: 2, count: 5, port: 3000, env: { SLOT: '2' }, args: ['--fast'] };
  expect(process?.received).toMatchObject([{ type: 'assign', assignment }]);
});

test('a spare that waits is taken before anybody is started', () => {
  const { staff, processes } = staffed({ spares: 1 });
  staff.spares.start();
  processes.started[0]?.hello();
  expect(staff.hire(1).process.pid).toBe(1000);
  expect(processes.started[0]?.received).toMatchObject([{ type: 'assign', assignment: { slot: 1 } }]);
});

test('what a function of the user throws is a process that could not be started', () => {
  const { staff, processes } = staffed({
    args: () => {
      throw new Error('no arguments');
    },
  });
  const { process, status } = staff.hire(0);
  expect(process.pid).toBe(0);
  expect(status).toMatchObject({ phase: 'exited', exit: { error: { message: 'no arguments' } } });
  expect(processes.started).toEqual([]);
});
