import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BindError } from '../../../lib/listener/errors.ts';
import { tcpListener } from '../../../lib/listener/tcp/tcp.ts';
import { freePort, hold, portOf, refusalOf } from '../holding.ts';
import { saying } from '../saying.ts';
import { dial, get } from '../wire.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

const tcp = (host: string, port = 0) => ({ kind: 'tcp', host, port }) as const;

const answerAt = async (host: string, port: number): Promise<string | undefined> => {
  const wire = dial(tcp(host, port));
  wire.write(get('/'));
  const [answer] = await wire.responses();
  wire.socket.destroy();
  return answer?.body;
};

describe('an address is bound', () => {
  test.each([
    { form: 'of one interface', host: '127.0.0.1', reached: ['127.0.0.1'] },
    { form: 'by its name', host: 'localhost', reached: ['localhost'] },
    { form: 'of every IPv4 interface', host: '0.0.0.0', reached: ['127.0.0.1', '127.0.0.2'] },
    { form: 'of every interface', host: '', reached: hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'] },
  ])('$form', async ({ host, reached }) => {
    const { listener } = await hold(tcpListener(tcp(host)));
    expect(listener.address).toEqual({ kind: 'tcp', host, port: expect.any(Number) });
    if (listener.address.kind !== 'tcp') return;
    expect(listener.address.port).toBeGreaterThan(0);
    listener.attach(saying('here'));
    for (const via of reached) expect(await answerAt(via, listener.address.port)).toBe('here');
  });

  test('of IPv6, alone, where there is any', async () => {
    if (!hasIpv6) {
      expect(await refusalOf(tcpListener(tcp('::1')))).toBeInstanceOf(BindError);
      return;
    }
    const { listener } = await hold(tcpListener(tcp('::1')));
    if (listener.address.kind !== 'tcp') return;
    listener.attach(saying('six'));
    expect(await answerAt('::1', listener.address.port)).toBe('six');
  });

  test('as it stands when it names its port', async () => {
    const port = await freePort();
    const address = tcp('127.0.0.1', port);
    const { listener } = await hold(tcpListener(address));
    expect(listener.address).toBe(address);
  });
});

describe('an address that cannot be had is an error that says why', () => {
  test('when somebody else holds it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      other.close();
    });
    await new Promise((resolve) => other.once('listening', resolve));
    const port = portOf(other);
    const error = await refusalOf(tcpListener(tcp('127.0.0.1', port)));
    expect(error).toBeInstanceOf(BindError);
    expect(error).toMatchObject({
      name: 'BindError',
      code: 'ERR_BIND',
      errno: 'EADDRINUSE',
      address: `127.0.0.1:${port}`,
      message: `cannot bind 127.0.0.1:${port}: EADDRINUSE`,
      hint: expect.stringContaining('ss -ltnp'),
      cause: expect.objectContaining({ syscall: 'listen' }),
    });
  });

  test('when no interface has it', async () => {
    // TEST-NET-1, which no machine has.
    expect(await refusalOf(tcpListener(tcp('192.0.2.1')))).toMatchObject({
      errno: 'EADDRNOTAVAIL',
      hint: expect.stringContaining('interface'),
    });
  });

  test('when the name is nobody’s', async () => {
    // A label longer than 63 bytes resolves to nothing without a question to any name server.
    expect(await refusalOf(tcpListener(tcp(`${'a'.repeat(64)}.test`)))).toMatchObject({
      errno: 'ENOTFOUND',
      hint: expect.stringContaining('resolve'),
    });
  });

  test('when the port is none', async () => {
    expect(await refusalOf(tcpListener(tcp('127.0.0.1', 70_000)))).toMatchObject({
      code: 'ERR_BIND',
      errno: 'ERR_SOCKET_BAD_PORT',
    });
  });
});

describe('unsubscribing frees the port in the same turn', () => {
  test.each(['127.0.0.1', 'localhost', '0.0.0.0', ''])('when it is bound, to %j', async (host) => {
    const port = await freePort();
    const first = await hold(tcpListener(tcp(host, port)));
    first.release();
    const second = await hold(tcpListener(tcp(host, port)));
    expect(second.listener.address).toMatchObject({ port });
  });

  test.each(['127.0.0.1', 'localhost', '0.0.0.0', ''])('while it is being bound, to %j', async (host) => {
    const port = await freePort();
    const seen: unknown[] = [];
    const first = tcpListener(tcp(host, port)).subscribe({ next: (l) => seen.push(l), error: (e) => seen.push(e) });
    first.unsubscribe();
    const second = await hold(tcpListener(tcp(host, port)));
    expect(second.listener.address).toMatchObject({ port });
    expect(seen).toEqual([]);
  });

  test('a thousand times over, and leaves nothing behind', async () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
    const port = await freePort();
    for (let n = 0; n < 1_000; n += 1) {
      const held = await hold(tcpListener(tcp('127.0.0.1', port)));
      held.release();
    }
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length)
      .toBeLessThanOrEqual(before);
  });
});

test('a port that only root may listen on is an error that says so', async () => {
  // Where the system knows no such ports, nobody is refused.
  const start = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  const script = `
    import { tcpListener } from '${process.cwd()}/lib/listener/tcp/tcp.ts';
    if (process.getuid() === 0) process.seteuid(65534);
    tcpListener({ kind: 'tcp', host: '127.0.0.1', port: 7 }).subscribe({
      next: () => process.stdout.write(JSON.stringify({ bound: true }), () => process.exit()),
      error: ({ code, errno, message, hint }) => console.log(JSON.stringify({ code, errno, message, hint })),
    });
  `;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'attempt.ts'), script);
  const child = spawn(process.execPath, ['--import', 'jiti/register', join(folder, 'attempt.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  expect(JSON.parse(String(said))).toEqual(
    start <= 7
      ? { bound: true }
      : {
          code: 'ERR_BIND',
          errno: 'EACCES',
          message: expect.stringContaining('127.0.0.1:7'),
          hint: expect.stringContaining('1024'),
        },
  );
});
