import { describe, expect, test } from 'vitest';
import { type Address, parseAddress } from '../../lib/config/address.ts';
import { Entries } from '../../lib/pool/entries.ts';
import { Entry } from '../../lib/pool/entry.ts';
import type { PoolServer, PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { readServer } from '../../lib/pool/read-server.ts';
import { SharedHandlers } from '../../lib/pool/shared-handlers.ts';

const handlers = new SharedHandlers(undefined);
let count = 0;

const addressOf = (text: string): Address => {
  const read = parseAddress(text);
  if (!read.ok) throw new Error(read.message);
  return read.address;
};

const filled = (...configs: readonly (string | PoolServerConfig)[]) => {
  const entries = new Entries();
  const all = configs.map((given) => {
    count += 1;
    const id = `s${count}`;
    const read = readServer(typeof given === 'string' ? { listen: given } : given, id, (key) => handlers.at(key));
    if (!read.ok) throw new Error(read.issues[0]?.message);
    const entry = new Entry(id, read, entries.keyFor(read.spec.address));
    // Nobody looks into what people hold here.
    entries.put(entry, { name: id } as PoolServer);
    return entry;
  });
  return { entries, all };
};

const keys = (entries: Entries): readonly string[] => [...entries.servers.keys()];

describe('an entry is found', () => {
  test('by every spelling of its address', () => {
    const { entries, all } = filled('LOCALHOST:8080', '[0:0::1]:80', 'unix:/run//x.sock');
    for (const text of ['localhost:8080', 'LocalHost:8080']) expect(entries.find(text)).toBe(all[0]);
    for (const text of ['[::1]:80', '[0:0:0:0:0:0:0:1]:80']) expect(entries.find(text)).toBe(all[1]);
    for (const text of ['unix:/run/x.sock', 'unix:/run/./x.sock']) expect(entries.find(text)).toBe(all[2]);
    expect(keys(entries)).toEqual(['localhost:8080', '[::1]:80', 'unix:/run/x.sock']);
    expect(entries.find('[::1]:81')).toBeUndefined();
  });

  test('by nothing that is no address', () => {
    const { entries } = filled(':1');
    for (const text of ['', 'x', '#', '#1', ':1#2', ':1#', '1', undefined, null, 5, {}]) {
      expect(entries.find(text as string)).toBeUndefined();
      expect(() => entries.keyOf(text as string)).not.toThrow();
    }
  });

  test('by what was written while its port is not known, and afterwards by both', () => {
    const { entries, all } = filled('127.0.0.1:0', '127.0.0.1:8000-8010', '127.0.0.1:0', '127.0.0.1:0', ':1');
    expect(keys(entries)).toEqual(['127.0.0.1:0', '127.0.0.1:8000-8010', '127.0.0.1:0#2', '127.0.0.1:0#3', ':1']);
    const [first, range, second] = all;
    if (first === undefined || range === undefined || second === undefined) throw new Error('they are there');
    const to = (key: string) => ({ key, address: addressOf(key) });
    const moved = entries.rekey(
      new Map([
        [second, to('127.0.0.1:7')],
        [range, to('127.0.0.1:8003')],
      ]),
    );
    expect(moved.map(({ former }) => former)).toEqual(['127.0.0.1:0#2', '127.0.0.1:8000-8010']);
    expect(keys(entries)).toEqual(['127.0.0.1:0', '127.0.0.1:8003', '127.0.0.1:7', '127.0.0.1:0#3', ':1']);
    expect([entries.find('127.0.0.1:7'), entries.find('127.0.0.1:0#2')]).toEqual([second, second]);
    expect(entries.find('127.0.0.1:8000-8010')).toBe(range);
    expect(entries.keyOf('127.0.0.1:0#2')).toBe('127.0.0.1:7');
    expect(entries.keyFor(addressOf('127.0.0.1:0'))).toBe('127.0.0.1:0#4');
    entries.remove(first);
    expect(entries.keyFor(addressOf('127.0.0.1:0'))).toBe('127.0.0.1:0');
  });
});

describe('entries', () => {
  test('exchange their keys when both move', () => {
    const { entries, all } = filled(':1', ':2');
    const [a, b] = all;
    if (a === undefined || b === undefined) throw new Error('they are there');
    const at = (entry: Entry) => ({ key: entry.key, address: entry.address });
    entries.rekey(
      new Map([
        [a, at(b)],
        [b, at(a)],
      ]),
    );
    expect([entries.find(':1'), entries.find(':2')]).toEqual([b, a]);
    expect(keys(entries)).toEqual([':2', ':1']);
  });

  test('keep their keys when somebody has the one they would get', () => {
    const { entries, all } = filled(':1', '127.0.0.1:0', '127.0.0.1:7');
    const [, floating] = all;
    if (floating === undefined) throw new Error('it is there');
    const address = addressOf('127.0.0.1:7');
    expect(entries.rekey(new Map([[floating, { key: '127.0.0.1:7', address }]]))).toEqual([]);
    expect(entries.find('127.0.0.1:7')).toBe(all[2]);
  });

  test('are in the way of addresses that overlap with theirs, unless they are disabled', () => {
    const { entries, all } = filled(':1', { listen: '127.0.0.1:2', disabled: true }, '127.0.0.1:0');
    expect(entries.inTheWayOf(addressOf('127.0.0.1:1'))).toEqual([all[0]]);
    expect(entries.inTheWayOf(addressOf('127.0.0.1:2'))).toEqual([]);
    expect(entries.inTheWayOf(addressOf('127.0.0.1:0'))).toEqual([]);
    if (all[0] !== undefined) entries.remove(all[0]);
    expect(entries.inTheWayOf(addressOf(':1'))).toEqual([]);
  });
});
