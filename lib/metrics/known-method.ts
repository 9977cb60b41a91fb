/** Methods that are told apart, as in OpenTelemetry's HTTP conventions; anybody may make up others. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/** What all others are called. */
export const OTHER_METHOD = '_OTHER';

/** One of a few methods, whatever was asked with. */
export const knownMethod = (method: string): string => (METHODS.has(method) ? method : OTHER_METHOD);
