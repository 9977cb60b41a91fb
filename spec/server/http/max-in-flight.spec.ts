import { connect } from 'node:http2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { ask, speak } from '../http2/speaking.ts';
import { eventually, type Served, serve } from '../serving.ts';
import { certificate } from '../tls/certificates.ts';
import { dialTls } from '../tls/tls-wire.ts';

const CLOSES = /\r\nconnection: close\r\n/i;

/** Answers each request when the test says so. */
const held = () => {
  const answers: (() => void)[] = [];
  const app = () => new Promise<Response>((resolve) => answers.push(() => resolve(new Response('ok'))));
  return { answers, app };
};

const limited = (more: Served, maxInFlight = 2): Served => ({ ...more, limits: { ...more.limits, maxInFlight } });

describe('over HTTP/1', () => {
  test('a request that is one too many gets a 503, and its connection stays', async () => {
    const { answers, app } = held();
    const { dial, server } = await serve(limited({ app }));
    const busy = [dial(), dial()];
    for (const wire of busy) wire.write(get('/'));
    await eventually(() => server.inFlight === 2);
    const third = dial();
    third.write(get('/'));
    const [refusal] = await third.responses();
    expect(refusal).toMatchObject({ status: 503, body: 'Service Unavailable' });
    expect(refusal?.head).toMatch(/\r\nretry-after: 1\r\n/i);
    expect(refusal?.head).not.toMatch(CLOSES);
    answers[0]?.();
    expect((await busy[0]?.responses())?.[0]).toMatchObject({ status: 200 });
    await eventually(() => server.inFlight === 1);
    third.write(get('/'));
    await eventually(() => answers.length === 3);
    for (const answer of answers) answer();
    expect((await third.responses(2))[1]).toMatchObject({ status: 200, body: 'ok' });
  });

  test('one with a body is answered as well, and its connection ends', async () => {
    const { app } = held();
    const { dial, server } = await serve(limited({ app }, 1));
    dial().write(get('/'));
    await eventually(() => server.inFlight === 1);
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n');
    expect((await wire.responses())[0]).toMatchObject({ status: 503, head: expect.stringMatching(CLOSES) });
    expect(await wire.closed).toBe('ended');
  });

  test('those that are answered at once are never too many', async () => {
    const { dial } = await serve(limited({ app: () => new Response('ok') }, 1));
    const wires = Array.from({ length: 20 }, dial);
    for (const wire of wires) wire.write(get('/'));
    for (const wire of wires) expect((await wire.responses())[0]).toMatchObject({ status: 200 });
  });

  test('the limit may change while requests are under way', async () => {
    const { answers, app } = held();
    const { dial, server, assign } = await serve(limited({ app }, 1));
    const first = dial();
    first.write(get('/'));
    await eventually(() => server.inFlight === 1);
    assign({ app });
    const second = dial();
    second.write(get('/'));
    await eventually(() => server.inFlight === 2);
    assign(limited({ app }, 1));
    const third = dial();
    third.write(get('/'));
    expect((await third.responses())[0]).toMatchObject({ status: 503 });
    for (const answer of answers) answer();
    for (const wire of [first, second]) expect((await wire.responses())[0]).toMatchObject({ status: 200 });
  });

  test('a request for another protocol is turned away, too', async () => {
    const { app } = held();
    let taken = 0;
    const upgrade = (): void => {
      taken += 1;
    };
    const { dial, server } = await serve(limited({ app, upgrade }, 1));
    dial().write(get('/'));
    await eventually(() => server.inFlight === 1);
    const wire = dial();
    wire.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await wire.responses())[0]).toMatchObject({ status: 503 });
    expect(taken).toBe(0);
  });
});

describe('over HTTP/2', () => {
  test('a request that is one too many gets a 503, and the session stays', async () => {
    const { answers, app } = held();
    const { dial, responder } = await speak(limited({ app }));
    const session = dial();
    const busy = [ask(session), ask(session)];
    await eventually(() => responder.inFlight === 2);
    const refusals = await Promise.all([ask(session), ask(session, { ':method': 'POST' }, Buffer.alloc(100_000))]);
    for (const { status, headers, body } of refusals) {
      expect({ status, body, again: headers['retry-after'] }).toEqual({
        status: 503,
        body: 'Service Unavailable',
        again: '1',
      });
    }
    for (const answer of answers) answer();
    for (const answer of busy) expect((await answer).status).toBe(200);
    const last = ask(session);
    await eventually(() => answers.length === 3);
    answers[2]?.();
    expect((await last).body).toBe('ok');
  });

  test('requests of both protocols are counted together', async () => {
    const { answers, app } = held();
    const serving = await serve(limited({ app, tls: await certificate(), http2: true }, 1));
    const wire = dialTls(serving.address);
    wire.write(get('/'));
    await eventually(() => serving.server.inFlight === 1);
    const { address } = serving;
    const port = address.kind === 'tcp' ? address.port : 0;
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: 'localhost' });
    session.on('error', () => undefined);
    onTestFinished(() => session.destroy());
    expect((await ask(session)).status).toBe(503);
    answers[0]?.();
    expect((await wire.responses())[0]).toMatchObject({ status: 200 });
  });
});
