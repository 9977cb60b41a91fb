// A worker that does what its first argument says.
import { of } from 'rxjs';
import { workerContext } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, pid: process.pid, ...fields }));

const scripts = {
  ready: () => workerContext().ready(),
  'throws-at-import': () => {
    throw new RangeError('while it was imported');
  },
  'exits-with-3': () => process.exit(3),
  'never-leaves': () => {
    workerContext().drain$.subscribe((request) => say('asked to leave', { request }));
    workerContext().ready();
  },
  'leaves-in-its-time': () => {
    const context = workerContext();
    context.drain$.subscribe((request) => {
      say('asked to leave', { request });
      setTimeout(() => {
        say('done');
        void context.exit();
      }, 100);
    });
    context.ready();
  },
  'runs-something': () => {
    const runnable = {
      name: 'something',
      state$: of('Running'),
      start: () => say('started'),
      stop: (options) => say('stopped', { options }),
    };
    return workerContext().run(runnable);
  },
  'runs-what-fails': () => {
    const state$ = of('Running', 'Error');
    return workerContext().run({ name: 'sick', state$, start: () => {}, stop: () => say('stopped') });
  },
  'asks-for-statistics': async () => {
    const context = workerContext();
    context.ready();
    const asked = performance.now();
    try {
      await context.stats({ timeoutMs: 100 });
    } catch ({ code }) {
      say('unanswered', { code, afterMs: performance.now() - asked });
    }
  },
  talks: () => {
    const context = workerContext();
    const topic = context.topic('chat');
    context.ready();
    // Later: what came before is kept.
    setTimeout(() => topic.messages$.subscribe((body) => topic.send({ echo: body })), 50);
  },
  counts: () => {
    const context = workerContext();
    context.topic('early').messages$.subscribe((body) => say('counted', { count: context.count, body }));
    context.ready();
  },
  contributes: () => {
    const context = workerContext();
    let jobs = 0;
    context.contribute('counter', 'jobs', () => (jobs += 1));
    context.contribute('gauge', 'broken', () => {
      throw new Error('no gauge');
    });
    context.expose(() => ({ family: 'jobs' }));
    context.ready();
  },
  'survives-errors': () => {
    process.on('uncaughtException', ({ message }) => say('survived', { message }));
    setTimeout(() => {
      throw new Error('not the end');
    });
    workerContext().ready();
  },
};

await scripts[process.argv[2]]();
