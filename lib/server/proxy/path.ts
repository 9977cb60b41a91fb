import type { ProxySettings } from '../../config/proxy-config.ts';

/** Path and query of a URL, `/` when it has none. */
export const pathOf = (url: string): string => {
  // Behind `http://` or `https://`, neither of which is shorter than 7 characters.
  const start = url.indexOf('/', 8);
  if (start < 0) return '/';
  const end = url.indexOf('#', start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
};

/** Where the query begins, or the end. */
const queryAt = (path: string): number => {
  const at = path.indexOf('?');
  return at < 0 ? path.length : at;
};

/**
 * What becomes of a path on its way to a target.
 *
 * As many segments are taken away as `strip` has: the route's pattern has made sure that they are these, in whichever
 * way they were escaped.
 */
export const rewriting = ({
  strip,
  rewrite = '',
}: Pick<ProxySettings, 'strip' | 'rewrite'>): ((path: string) => string) => {
  const segments = strip === undefined ? 0 : strip.split('/').length - 1;
  if (segments === 0 && rewrite === '') return (path) => path;
  return (path) => {
    const query = queryAt(path);
    let start = 0;
    for (let taken = 0; taken < segments; taken += 1) {
      const next = path.indexOf('/', start + 1);
      start = next < 0 || next > query ? query : next;
    }
    const rest = path.slice(start);
    return rewrite === '' && start === query ? `/${rest}` : rewrite + rest;
  };
};
