import { expect, test } from 'vitest';
import { MissingPeerError } from '../../lib/metrics/errors.ts';
import { loadPeer } from '../../lib/metrics/peer.ts';

const missing = 'a-package-that-nobody-has-installed';

test('a package that is not installed is named with the line that installs it', async () => {
  const loaded = loadPeer(missing, () => import(/* @vite-ignore */ missing));
  await expect(loaded).rejects.toThrow(
    expect.objectContaining({
      name: 'MissingPeerError',
      code: 'ERR_MISSING_PEER',
      peer: missing,
      message: `the package ${missing} is not installed`,
      hint: `npm install ${missing}`,
    }),
  );
  await loaded.catch((error: Error) => expect(error.cause).toBeInstanceOf(Error));
});

test('what a package that is there fails with is left as it is', async () => {
  const broken = new Error('broken');
  await expect(loadPeer('prom-client', () => Promise.reject(broken))).rejects.toBe(broken);
  // Something that the package imports is missing: installing the package again would not help.
  await expect(loadPeer('prom-client', () => import(/* @vite-ignore */ missing))).rejects.not.toBeInstanceOf(
    MissingPeerError,
  );
});

test('what was loaded is handed on', async () => {
  expect(await loadPeer('x', () => Promise.resolve(7))).toBe(7);
});
