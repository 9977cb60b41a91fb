import { expect, test } from 'vitest';
import { otherNames } from '../../lib/config/other-names.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { serverSchema } from '../../lib/config/schema.ts';

const hintFor = (key: string): string | undefined => {
  const { issues } = parseCluster({ a: { listen: ':80', app: () => new Response(), [key]: 5 } });
  return issues.find(({ path }) => path === key)?.hint;
};

test('members that other programs have are told by what they are called here', () => {
  expect(hintFor('read_timeout')).toBe("write 'requestTimeoutMs', in milliseconds");
  expect(hintFor('readTimeoutMs')).toBe("write 'requestTimeoutMs', in milliseconds");
  expect(hintFor('idle_timeout')).toBe("write 'keepAliveTimeoutMs', in milliseconds");
  expect(hintFor('max_handlers')).toBe("write 'maxInFlight'");
  expect(hintFor('handler')).toBe("write 'app' or 'routes'");
  for (const key of ['address', 'port', 'host']) expect(hintFor(key)).toBe("write 'listen': '127.0.0.1:8080'");
});

test('every one of these hints names a member that there is, for a key that there is not', () => {
  const members = Object.keys(serverSchema.pipe[0].pipe[0].entries);
  for (const [key, hint] of Object.entries(otherNames)) {
    expect(members).not.toContain(key);
    expect(members).toContain(/'(\w+)'/.exec(hint)?.[1]);
  }
});
