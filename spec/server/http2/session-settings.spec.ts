import { type ClientHttp2Session, constants, type Settings } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { http2Defaults } from '../../../lib/config/http2-config.ts';
import { frameClient, goawayOf } from '../../attack/frame-client.ts';
import { data, FLAG, FRAME, headerBlock, headers, requestLines, settingsAck } from '../../attack/frames.ts';
import { eventually } from '../serving.ts';
import { ask, speak } from './speaking.ts';

const told = (session: ClientHttp2Session): Promise<Settings> =>
  new Promise((resolve) => session.once('remoteSettings', resolve));

const echo = { app: async (request: Request) => new Response(`${(await request.arrayBuffer()).byteLength} bytes`) };

describe('a session', () => {
  test('tells its client the defaults when there is nothing else', async () => {
    const { dial } = await speak(echo);
    const session = dial();
    const { maxConcurrentStreams, maxFrameSize, initialWindowSize } = http2Defaults;
    expect(await told(session)).toMatchObject({ maxConcurrentStreams, maxFrameSize, initialWindowSize });
    await eventually(() => session.state.remoteWindowSize === http2Defaults.connectionWindowSize);
  });

  test('tells its client what its server is set to', async () => {
    const http2 = {
      maxConcurrentStreams: 7,
      maxFrameSize: 100_000,
      initialWindowSize: 70_000,
      connectionWindowSize: 80_000,
    };
    const { dial } = await speak({ ...echo, http2 });
    const session = dial();
    expect(await told(session)).toMatchObject({
      maxConcurrentStreams: 7,
      maxFrameSize: 100_000,
      initialWindowSize: 70_000,
    });
    await eventually(() => session.state.remoteWindowSize === 80_000);
    expect((await ask(session, { ':method': 'POST' }, Buffer.alloc(500_000))).body).toBe('500000 bytes');
  });

  test('keeps the settings it began with; others are for sessions that begin later', async () => {
    const speaking = await speak({ ...echo, http2: { maxConcurrentStreams: 5 } });
    const first = speaking.dial();
    await told(first);
    let more = 0;
    first.on('remoteSettings', () => {
      more += 1;
    });
    speaking.assign({ ...echo, http2: { maxConcurrentStreams: 9 } });
    expect((await told(speaking.dial())).maxConcurrentStreams).toBe(9);
    // A change that does concern it is told together with what it began with.
    speaking.assign({ ...echo, http2: { maxConcurrentStreams: 9 }, limits: { maxHeaderBytes: 32_768 } });
    expect((await told(first)).maxConcurrentStreams).toBe(5);
    expect(more).toBe(1);
    expect((await ask(first)).status).toBe(200);
  });

  test('works on no more streams at once than maxConcurrentStreams', async () => {
    const answers: (() => void)[] = [];
    const app = () => new Promise<Response>((resolve) => answers.push(() => resolve(new Response('ok'))));
    const { plug } = await speak({ app, http2: { maxConcurrentStreams: 2 } });
    const client = frameClient(plug());
    // It has not heard of the limit yet.
    client.say(headers(1), headers(3), headers(5));
    const { payload } = await client.next(FRAME.RST_STREAM, 5);
    expect(payload.readUInt32BE()).toBe(constants.NGHTTP2_REFUSED_STREAM);
    await eventually(() => answers.length === 2);
    for (const answer of answers) answer();
    expect((await client.next(FRAME.DATA, 3)).payload.toString()).toBe('ok');
  });

  test('ends when its client has heard of maxConcurrentStreams and goes beyond', async () => {
    const app = () => new Promise<Response>(() => {});
    const { plug } = await speak({ app, http2: { maxConcurrentStreams: 2 } });
    const client = frameClient(plug());
    await client.next(FRAME.SETTINGS);
    client.say(settingsAck(), headers(1), headers(3), headers(5));
    expect(goawayOf(await client.next(FRAME.GOAWAY))).toMatchObject({ last: 3 });
    await client.ended;
  });

  test.each([
    ['as large as maxFrameSize is read', 20_000, true],
    ['larger than maxFrameSize ends it', 20_001, false],
  ])('a frame %s', async (_, size, isRead) => {
    const { plug } = await speak({ ...echo, http2: { maxFrameSize: 20_000 } });
    const client = frameClient(plug());
    client.say(settingsAck());
    await client.next(FRAME.SETTINGS);
    client.say(headers(1, headerBlock(requestLines('/', 'POST')), FLAG.END_HEADERS), data(1, Buffer.alloc(size), true));
    if (isRead) expect((await client.next(FRAME.DATA, 1)).payload.toString()).toBe('20000 bytes');
    else expect(goawayOf(await client.next(FRAME.GOAWAY))).toMatchObject({ code: constants.NGHTTP2_FRAME_SIZE_ERROR });
  });

  test('lets a client send no more ahead of its handler than initialWindowSize', async () => {
    const app = () => new Promise<Response>(() => {});
    const { dial } = await speak({ app, http2: { initialWindowSize: 3_000 } });
    const session = dial();
    await told(session);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => undefined);
    stream.write(Buffer.alloc(10_000));
    await eventually(() => session.state.remoteWindowSize === http2Defaults.connectionWindowSize - 3_000);
    await new Promise((resolve) => session.ping(resolve));
    expect(session.state.remoteWindowSize).toBe(http2Defaults.connectionWindowSize - 3_000);
  });

  test('works with the smallest window there can be', async () => {
    const { dial } = await speak({ ...echo, http2: { initialWindowSize: 1 } });
    const session = dial();
    await told(session);
    expect((await ask(session, { ':method': 'POST' }, Buffer.alloc(50))).body).toBe('50 bytes');
  });
});
