import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overlaps } from '../../lib/config/address.ts';
import { parseCluster } from '../../lib/config/parse.ts';
import { findRivals } from '../../lib/config/rivals.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';
import { server } from './configs.ts';

const listen = fc
  .tuple(
    fc.constantFrom('', '0.0.0.0', '[::]', '127.0.0.1', '[::1]', 'localhost', '127.0.0.2', 'example.com'),
    fc.constantFrom(0, 80, 81),
  )
  .map(([host, port]) => `${host}:${port}`);
const anyListen = fc.oneof({ weight: 5, arbitrary: listen }, fc.constantFrom('unix:/a', 'unix:/b'));

/** Read one by one, so that none is refused for another. */
const specsOf = (servers: readonly (readonly [string, boolean])[]): readonly ServerSpec[] =>
  servers.flatMap(([address, disabled], index) => [
    ...parseCluster({ [`s${index}`]: server({ listen: address, disabled }) }).specs.values(),
  ]);

test('every server whose address overlaps is found, with all of its rivals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyListen, fc.constantFrom(false, false, false, true)), { maxLength: 12 }),
      (servers) => {
        const specs = specsOf(servers);
        const found = findRivals(specs);
        for (const spec of specs) {
          const rivals = specs.filter(
            (other) => other !== spec && !other.disabled && !spec.disabled && overlaps(spec.address, other.address),
          );
          expect(found.get(spec)?.count ?? 0).toBe(rivals.length);
          const first = found.get(spec)?.first ?? [];
          expect(first).toHaveLength(Math.min(rivals.length, 3));
          expect(rivals).toEqual(expect.arrayContaining([...first]));
        }
      },
    ),
    { numRuns: 500 },
  );
});
