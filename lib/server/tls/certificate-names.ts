import type { Certificate, Material } from './material.ts';
import { TlsError } from './tls-error.ts';

/** Finds what is presented for a name that a client asks for. */
export type NameLookup<T> = (name: string) => T | undefined;

const claim = (
  taken: Map<string, Certificate>,
  certificate: Certificate,
  names: readonly string[],
  mayYield: (holder: Certificate) => boolean,
): void => {
  for (const name of names) {
    const holder = taken.get(name);
    if (holder === undefined) taken.set(name, certificate);
    else if (!mayYield(holder)) {
      const { source } = certificate;
      throw new TlsError('ERR_TLS_NAMES', `both ${holder.source} and ${source} are for ${name}`, source, {
        hint: "say with 'names' which of them is presented for it",
      });
    }
  }
};

/**
 * Which certificate is presented for which name: those a config names, then those certificates name themselves; an exact
 * name before a star. A name that two certificates have is refused, unless the config has decided. Pure.
 */
export const namesOf = ({ certificates }: Material): ReadonlyMap<string, Certificate> => {
  const taken = new Map<string, Certificate>();
  for (const one of certificates) {
    if (one.givenNames !== undefined) claim(taken, one, one.givenNames, (holder) => holder === one);
  }
  for (const one of certificates) {
    if (one.givenNames !== undefined) continue;
    claim(taken, one, one.ownNames, (holder) => holder === one || holder.givenNames !== undefined);
    if (one !== certificates[0] && one.ownNames.length === 0) {
      throw new TlsError('ERR_TLS_NAMES', `the certificate in ${one.source} is for no name`, one.source, {
        hint: "say with 'names' what it is presented for",
      });
    }
  }
  return taken;
};

/** Finds by exact name, then by the name with a star in place of its first label. */
export const lookup =
  <T>(byName: ReadonlyMap<string, T>): NameLookup<T> =>
  (asked) => {
    const name = asked.toLowerCase().replace(/\.$/, '');
    const dot = name.indexOf('.');
    return byName.get(name) ?? (dot === -1 ? undefined : byName.get(`*${name.slice(dot)}`));
  };
