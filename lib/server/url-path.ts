/** The path of a request's URL as it stands there, and its query with the `?`, or nothing. Pure. */
export const pathAndQuery = (url: string): { readonly path: string; readonly query: string } => {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const query = url.indexOf('?', start);
  return query === -1
    ? { path: url.slice(start), query: '' }
    : { path: url.slice(start, query), query: url.slice(query) };
};

/** What of a path follows its first `count` segments, without the slash before it. Pure. */
export const restOf = (path: string, count: number): string =>
  path
    .split('/')
    .slice(count + 1)
    .join('/');
