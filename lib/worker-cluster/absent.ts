/** The least a config can say; what it says of answers is of no interest while it is disabled. */
const DISABLED = { listen: '127.0.0.1:0', disabled: true, routes: [{ path: '*', respond: { status: 503 } }] };

/**
 * Adds servers that are known and do not run, so that others may depend on them: their code is not looked for.
 *
 * @param servers - is added to.
 */
export const absent = (servers: Record<string, object>, ids: Iterable<string>): void => {
  for (const id of ids) servers[id] ??= DISABLED;
};
