import { describe, expect, test } from 'vitest';
import { get, post } from '../../listener/wire.ts';
import { serve } from '../serving.ts';
import { backend, deadUrl, echo } from './backend.ts';

describe('a request', () => {
  test('is passed on and its answer back', async () => {
    const { url } = await backend(echo);
    const { dial } = await serve({ routes: [{ path: '/*', proxy: url }] });
    const wire = dial();
    wire.write(get('/a?b=c'));
    const [answer] = await wire.responses();
    expect(answer?.status).toBe(200);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ method: 'GET', url: '/a?b=c' });
    wire.write(post('/p', 'hello'));
    const [, second] = await wire.responses(2);
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ method: 'POST', body: 'hello' });
  });
  test('that nobody can take', async () => {
    const { dial, log } = await serve({ routes: [{ path: '/*', proxy: await deadUrl() }] });
    const wire = dial();
    wire.write(get('/a?b=c'));
    const [answer] = await wire.responses();
    expect(answer?.status).toBe(503);
    console.log(answer, log.lines);
  });
});
