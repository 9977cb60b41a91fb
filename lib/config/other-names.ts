/** Where it listens is one text. */
const LISTEN = "write 'listen': '127.0.0.1:8080'";
const READ = "write 'requestTimeoutMs', in milliseconds";
const IDLE = "write 'keepAliveTimeoutMs', in milliseconds";
const WRITE = "write 'writeTimeoutMs', in milliseconds";
const MOST = "write 'maxInFlight'";
const HANDLER = "write 'app' or 'routes'";

/** What other programs call what a server has: the hint for each, as far as the names are not alike. */
export const otherNames: Readonly<Record<string, string>> = {
  address: LISTEN,
  addr: LISTEN,
  bind: LISTEN,
  host: LISTEN,
  hostname: LISTEN,
  port: LISTEN,
  read_timeout: READ,
  readTimeout: READ,
  readTimeoutMs: READ,
  read_header_timeout: "write 'headersTimeoutMs', in milliseconds",
  write_timeout: WRITE,
  idle_timeout: IDLE,
  idleTimeout: IDLE,
  idleTimeoutMs: IDLE,
  keep_alive_timeout: IDLE,
  max_handlers: MOST,
  maxHandlers: MOST,
  handler: HANDLER,
  fetch: HANDLER,
};
