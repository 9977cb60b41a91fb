import { expect } from 'vitest';
import type { Issue } from '../../lib/config/issue.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';

/** The spec of a config that must be valid, read as the server `api`. */
export const specOf = (config: unknown, before?: ServerSpec): ServerSpec => {
  const { specs, issues } = parseCluster({ api: config }, before && new Map([['api', before]]));
  const spec = specs.get('api');
  if (spec === undefined) throw new Error(JSON.stringify(issues));
  return spec;
};

/** The issues of a config that must be wrong, read as the server `api`. */
export const issuesOf = (config: unknown): readonly Issue[] => {
  const { specs, issues, refused } = parseCluster({ api: config });
  expect(specs.size).toBe(0);
  expect([...refused]).toEqual(['api']);
  return issues;
};
