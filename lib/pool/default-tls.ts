import type { TlsConfig } from '../config/tls-config.ts';

/** What a server of a list says of encryption: settings of its own, over those of the list, or only whether. */
export type ListedTls = boolean | Partial<TlsConfig>;

/**
 * The settings of one server over those that servers share.
 *
 * A setting of its own takes the place of the shared one, its certificate with its key as a whole. Lists are joined, the
 * shared members first: further certificates, and whose signature makes the certificate of a client good. With
 * `clientAuth: 'none'` of its own it takes over no `ca`, which would be used for nothing.
 */
export const mergeTls = (shared: Partial<TlsConfig>, own: Partial<TlsConfig>): Partial<TlsConfig> => {
  const { cert, key, passphrase, certificates, ca, ...rules } = shared;
  const brought = own.cert !== undefined || own.key !== undefined;
  const joined = {
    certificates: [...listed(certificates), ...listed(own.certificates)],
    ca: own.clientAuth === 'none' ? listed(own.ca) : [...listed(ca), ...listed(own.ca)],
  };
  return {
    ...rules,
    ...(brought ? {} : present({ cert, key, passphrase })),
    ...present(own),
    ...(joined.certificates.length === 0 ? {} : { certificates: joined.certificates }),
    ...(joined.ca.length === 0 ? {} : { ca: joined.ca }),
  };
};

const listed = <T>(value: T | readonly T[] | undefined): readonly T[] => {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
};

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without the members that are `undefined`: those count as absent. */
const present = <T extends object>(given: T): Present<T> =>
  // What is left has exactly the members that are not `undefined`.
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>;
