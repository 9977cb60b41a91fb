/** What of a request says which target it belongs to. */
export type StickyKey =
  /** The IP address it came from; what a trusted proxy says of it counts. */
  | 'client-address'
  /** The value of a header. */
  | { readonly header: string }
  /** The value of a cookie. */
  | { readonly cookie: string }
  /** The value of a parameter of the query. */
  | { readonly query: string };

/**
 * How requests are spread over several targets: in turn, to whoever has least to do for its weight, in turn by weight,
 * or each key to a target of its own.
 */
export type Balance = 'round-robin' | 'least-in-flight' | 'weighted' | { readonly sticky: StickyKey };

/** A `Balance` whose members may be there and undefined. */
export type GivenBalance = Exclude<Balance, object> | { readonly sticky: GivenKey };
type GivenKey =
  | 'client-address'
  | { readonly header?: string | undefined; readonly cookie?: string | undefined; readonly query?: string | undefined };

const keyOf = (given: GivenKey): StickyKey => {
  if (typeof given === 'string') return given;
  const { header, cookie, query } = given;
  // Names of headers have no case.
  if (header !== undefined) return { header: header.toLowerCase() };
  return cookie === undefined ? { query: query ?? '' } : { cookie };
};

/** Writes a balance in one way. */
export const balanceOf = (given: GivenBalance): Balance =>
  typeof given === 'string' ? given : { sticky: keyOf(given.sticky) };
