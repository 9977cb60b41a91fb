import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Address, formatAddress } from '../../../lib/config/address.ts';
import type { HttpCheckConfig } from '../../../lib/config/health-config.ts';
import { healthSettingsOf } from '../../../lib/config/health-settings.ts';
import { HealthCheckError } from '../../../lib/health/errors.ts';
import { httpCheck } from '../../../lib/health/http/http.ts';
import type { RunCheck } from '../../../lib/health/monitor.ts';
import { certificate } from '../../server/tls/certificates.ts';
import { type Answer, httpTarget, nowhere, run, socketPath, type Target, tcpTarget } from '../target.ts';

const checkOf = (http: string | HttpCheckConfig, address: Address, encrypted = false): RunCheck => {
  const { check, timeoutMs } = healthSettingsOf({ http });
  if (check.kind !== 'http') throw new Error('it asks over HTTP');
  return httpCheck(check, { address, encrypted, timeoutMs });
};

/** Checks a server that answers so, once; nobody is connected to it afterwards. */
const asked = async (http: string | HttpCheckConfig, answer: Answer): Promise<Target> => {
  const target = await httpTarget(answer);
  try {
    await run(checkOf(http, target.address));
  } finally {
    await target.deserted();
  }
  return target;
};

const status =
  (code: number): Answer =>
  (_, response) => {
    response.writeHead(code, code === 302 ? { location: '/elsewhere' } : {}).end('hello');
  };

test('a request goes to the path, by the method and with the headers that were given', async () => {
  const seen: unknown[] = [];
  const headers = { host: 'example.com', 'X-Probe': 'yes', 'User-Agent': 'mine' };
  await asked({ path: '/up?deep=1', method: 'OPTIONS', headers }, ({ method, url, headers: got }, response) => {
    seen.push(method, url, got.host, got['x-probe'], got['user-agent'], got.connection);
    response.end();
  });
  expect(seen).toEqual(['OPTIONS', '/up?deep=1', 'example.com', 'yes', 'mine', 'close']);
});

test('it says who asks, and wants the body as it is', async () => {
  const seen: unknown[] = [];
  const { address } = await asked('/', ({ headers }, response) => {
    seen.push(headers.host, headers['user-agent'], headers['accept-encoding']);
    response.end();
  });
  expect(seen).toEqual([formatAddress(address), 'sluice-health', 'identity']);
});

describe('a status', () => {
  const well: readonly (readonly [HttpCheckConfig['status'], number])[] = [
    [undefined, 200],
    [undefined, 204],
    ['2xx', 299],
    ['3xx', 302],
    ['4xx', 401],
    [418, 418],
    [[200, 404], 404],
    [['2xx', 401], 401],
  ];
  test.each(well)('that is asked for is well: %o, %i', async (wanted, code) => {
    await asked(wanted === undefined ? '/' : { status: wanted }, status(code));
  });

  const ill: readonly (readonly [HttpCheckConfig['status'], number, string])[] = [
    [undefined, 404, 'GET / was answered with 404, not 2xx'],
    [undefined, 302, 'GET / was answered with 302, not 2xx'],
    [undefined, 503, 'GET / was answered with 503, not 2xx'],
    [204, 200, 'GET / was answered with 200, not 204'],
    [[200, '4xx'], 302, 'GET / was answered with 302, not 200, 4xx'],
  ];
  test.each(ill)('that is not is ill: %o, %i', async (wanted, code, message) => {
    const failed = asked(wanted === undefined ? '/' : { status: wanted }, status(code));
    await expect(failed).rejects.toBeInstanceOf(HealthCheckError);
    await expect(failed).rejects.toMatchObject({ code: 'ERR_HEALTH_STATUS', message });
  });

  test('of a redirect is not followed', async () => {
    const paths: unknown[] = [];
    await asked({ status: '3xx' }, (request, response) => {
      paths.push(request.url);
      status(302)(request, response);
    });
    expect(paths).toEqual(['/']);
  });
});

describe('a body', () => {
  test('that contains the text is well, wherever its pieces break', async () => {
    await asked({ body: 'größer' }, (_, response) => {
      const bytes = Buffer.from('viel größer noch');
      response.write(bytes.subarray(0, 8));
      setImmediate(() => response.end(bytes.subarray(8)));
    });
  });

  test('that does not is ill', async () => {
    await expect(asked({ path: '/up?token=abc', body: 'ready' }, status(200))).rejects.toMatchObject({
      code: 'ERR_HEALTH_BODY',
      message: 'the answer to GET /up does not contain the text it should',
    });
  });

  test('is looked at up to 64 KiB', async () => {
    const page =
      (before: number): Answer =>
      (_, response) => {
        response.end(`${'.'.repeat(before)}ready`);
      };
    await asked({ body: 'ready' }, page(65_536 - 5));
    await expect(asked({ body: 'ready' }, page(65_536 - 4))).rejects.toMatchObject({ code: 'ERR_HEALTH_BODY' });
  });

  test('may go on for ever once the text was there', async () => {
    await asked({ body: 'ready' }, (_, response) => {
      response.write('getting ready …');
    });
  });

  test('that nobody asked about may go on for ever', async () => {
    await asked('/', (_, response) => {
      response.write('…');
    });
  });

  test('that is announced to be short is read to its end', async () => {
    const ends: boolean[] = [];
    await asked('/', (_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345');
      response.on('close', () => ends.push(response.writableFinished));
      setImmediate(() => response.end('67890'));
    });
    expect(ends).toEqual([true]);
  });

  test('of HEAD is none, whatever is announced', async () => {
    await asked({ method: 'HEAD' }, (_, response) => {
      response.writeHead(200, { 'content-length': '10' }).end();
    });
  });
});

describe('a server', () => {
  test.each([
    ['all interfaces', {}],
    ['all interfaces of IPv6', { host: '::' }],
    ['IPv6', { host: '::1' }],
  ])('on %s is reached', async (_, where) => {
    const target = await httpTarget(status(200), where);
    await run(checkOf('/', target.address));
    await target.deserted();
    expect(target.accepted()).toBe(1);
  });

  test('on a unix socket is reached', async () => {
    const target = await httpTarget(status(200), { path: socketPath() });
    await run(checkOf('/', target.address));
    await target.deserted();
    expect(target.accepted()).toBe(1);
  });

  test('that speaks TLS is reached whatever its certificate says', async () => {
    const target = await httpTarget(status(200), {}, await certificate({ names: ['example.com'], from: -2, to: -1 }));
    const check = checkOf('/', target.address, true);
    await run(check);
    await run(check);
    await target.deserted();
  });

  test('that speaks TLS on a unix socket is reached', async () => {
    const target = await httpTarget(status(200), { path: socketPath() }, await certificate());
    await run(checkOf('/', target.address, true));
    await target.deserted();
  });

  test('is asked over TLS for the name in the host header', async () => {
    const names: unknown[] = [];
    const target = await httpTarget(
      ({ socket }, response) => {
        names.push(Reflect.get(socket, 'servername'));
        response.end();
      },
      {},
      await certificate(),
    );
    await run(checkOf({ headers: { host: 'example.com' } }, target.address, true));
    await run(checkOf('/', target.address, true));
    expect(names).toEqual(['example.com', false]);
  });

  test('that is not there is told apart', async () => {
    const address = await nowhere();
    await expect(run(checkOf('/', address))).rejects.toMatchObject({
      code: 'ERR_HEALTH_REFUSED',
      message: `nobody listens on ${formatAddress(address)}`,
    });
    await expect(run(checkOf('/', { kind: 'unix', path: socketPath() }))).rejects.toMatchObject({
      code: 'ERR_HEALTH_REFUSED',
    });
  });

  test.each<[string, (socket: Socket) => void, boolean]>([
    ['hangs up', (socket) => socket.destroy(), false],
    ['speaks something else', (socket) => socket.end('220 mail.example.com\r\n'), false],
    ['does not speak TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), true],
  ])('that %s is ill', async (_, take, encrypted) => {
    const target = await tcpTarget({ host: '127.0.0.1' }, take);
    const failed = run(checkOf('/', target.address, encrypted));
    await expect(failed).rejects.toMatchObject({ code: 'ERR_HEALTH_CONNECTION' });
    await target.deserted();
  });
});

test.each([
  ['before the answer', () => {}],
  [
    'in the middle of it',
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345');
    },
  ],
])('an aborted check rejects with the reason and hangs up: %s', async (_, begin) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const target = await httpTarget((_request, response) => {
    begin(response);
    setImmediate(() => controller.abort(reason));
  });
  await expect(run(checkOf('/', target.address), controller.signal)).rejects.toBe(reason);
  await target.deserted();
});
