import { expect, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import { HealthCheckError } from '../../../lib/health/errors.ts';
import { tcpCheck } from '../../../lib/health/tcp/tcp.ts';
import { nowhere, run, socketPath, tcpTarget } from '../target.ts';

test.each([
  ['an address of its own', { host: '127.0.0.1' }],
  ['all interfaces', {}],
  ['all interfaces of IPv4', { host: '0.0.0.0' }],
  ['all interfaces of IPv6', { host: '::' }],
  ['a host name', { host: 'localhost' }],
])('a server on %s is reached, and let go of', async (_, where) => {
  const target = await tcpTarget(where);
  await run(tcpCheck(target.address));
  await target.deserted();
  expect(target.accepted()).toBe(1);
});

test('a server on a unix socket is reached', async () => {
  const target = await tcpTarget({ path: socketPath() });
  await run(tcpCheck(target.address));
  await target.deserted();
  expect(target.accepted()).toBe(1);
});

test('nobody behind a port is told apart', async () => {
  const address = await nowhere();
  const failed = run(tcpCheck(address));
  await expect(failed).rejects.toBeInstanceOf(HealthCheckError);
  await expect(failed).rejects.toMatchObject({
    code: 'ERR_HEALTH_REFUSED',
    message: `nobody listens on ${formatAddress(address)}`,
    cause: { code: 'ECONNREFUSED' },
  });
});

test('nobody behind a socket file is told apart', async () => {
  const path = socketPath();
  await expect(run(tcpCheck({ kind: 'unix', path }))).rejects.toMatchObject({
    code: 'ERR_HEALTH_REFUSED',
    message: `nobody listens on unix:${path}`,
    cause: { code: 'ENOENT' },
  });
});

test('a name that does not resolve is a failed connection', async () => {
  const check = tcpCheck({ kind: 'tcp', host: 'nobody.invalid', port: 1 });
  await expect(run(check)).rejects.toMatchObject({ code: 'ERR_HEALTH_CONNECTION' });
});

test('an aborted check rejects with the reason, and leaves no connection', async () => {
  const target = await tcpTarget();
  const controller = new AbortController();
  const checked = run(tcpCheck(target.address), controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(checked).rejects.toBe(reason);
  await expect(run(tcpCheck(target.address), controller.signal)).rejects.toBe(reason);
  await target.deserted();
});
