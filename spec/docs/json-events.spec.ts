import { expect, test } from 'vitest';
import { drawEvents, readPage, withEvents } from '../../docs/json-events.ts';

// It runs the compiler, which takes seconds on a busy machine.
test('the page shows the fields that the code writes (npm run docs)', { timeout: 60_000 }, () => {
  const text = drawEvents();
  expect(readPage()).toBe(withEvents(readPage(), text));
  for (const type of ['config', 'error', 'outcome', 'state', 'server', 'snapshot', 'log', 'stopped', 'gap', 'plan']) {
    expect(text).toContain(`\n### \`${type}\`\n`);
  }
  expect(text).toContain('\n### ControlView\n');
  expect(text).not.toContain('undefined');
});
