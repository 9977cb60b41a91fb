/**
 * Where a server listens, in canonical form.
 *
 * `host` is `''` for all interfaces (IPv4 and IPv6), an IP address in canonical text without brackets, or a lower-case
 * host name. Port 0 stands for any free port.
 */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };
