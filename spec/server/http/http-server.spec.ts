import { expect, test } from 'vitest';
import { httpContext } from '../../../lib/server/http/http-server.ts';
import { createLog } from '../serving.ts';

test("the global Request and Response stay Node's own when that is asked for, and only then", () => {
  const own = [globalThis.Request, globalThis.Response];
  httpContext(createLog(), false);
  expect([globalThis.Request, globalThis.Response]).toEqual(own);
  httpContext(createLog(), true);
  expect(globalThis.Request).not.toBe(own[0]);
  expect(globalThis.Response).not.toBe(own[1]);
});
