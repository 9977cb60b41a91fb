import { expect, test } from 'vitest';
import { ConfigError, describeIssue } from '../../lib/config/errors.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { server } from './configs.ts';

test('an error about a config names the first three issues, and carries all of them', () => {
  const { issues } = parseCluster({ a: { ...server(), nmae: 'x' }, b: 1, c: 2, d: 3 });
  const error = new ConfigError(issues);
  expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG', hint: "did you mean 'name'?" });
  expect(error.issues).toBe(issues);
  expect(error.message).toBe(
    'the config is not valid: a.nmae: unknown key; ' +
      'b: must be a server config, or null for none, not 1; ' +
      'c: must be a server config, or null for none, not 2; and 1 more',
  );
});

test('where no issue says what to do, the hint is what was expected', () => {
  const { issues } = parseCluster({ b: 1 });
  expect(new ConfigError(issues).hint).toBe('expected a server config, or null for none');
});

test('an issue of the whole config is described without a place', () => {
  const [issue] = parseCluster(5).issues;
  expect(issue && describeIssue(issue)).toBe('must be an object of servers by id, not 5');
});

test('an error keeps its cause', () => {
  const cause = new Error('why');
  expect(new ConfigError([], { cause }).cause).toBe(cause);
});
