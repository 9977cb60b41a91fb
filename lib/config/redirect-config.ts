/** The statuses of a redirect (RFC 9110 §15.4): 307 and 308 keep the method, 301 and 308 are remembered by clients. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/** Where clients are sent, as data. */
export interface RedirectConfig {
  /**
   * A path, or an http or https URL. `:name` stands for a parameter of the route's path and `*` for what its `*` took;
   * neither can change the host.
   */
  readonly to: string;
  /** 302 by default: nobody remembers it. */
  readonly status?: RedirectStatus;
  /** Whether the query of the request goes along; `'keep'` by default, behind the query of `to` if that has one. */
  readonly query?: 'keep' | 'drop';
}

/** A redirect with nothing left out. */
export type RedirectSettings = Required<RedirectConfig>;

/** What a redirect is when it does not say. */
export const redirectDefaults = Object.freeze({ status: 302, query: 'keep' } as const);

type Given = { readonly [Key in keyof RedirectConfig]: RedirectConfig[Key] | undefined } & { readonly to: string };

/** Fills in what was left out. */
export const redirectSettingsOf = (given: string | Given): RedirectSettings => {
  if (typeof given === 'string') return { ...redirectDefaults, to: given };
  return {
    to: given.to,
    status: given.status ?? redirectDefaults.status,
    query: given.query ?? redirectDefaults.query,
  };
};
