import { redirectSettingsOf } from '../config/redirect-config.ts';
import { parseRedirect, redirectLocation } from '../config/redirect-target.ts';
import { segmentsBeforeRest } from '../config/route-rest.ts';
import type { RedirectRoute } from '../config/server-config.ts';
import type { RouteBuilder } from './route.ts';
import { pathAndQuery, restOf } from './url-path.ts';

/** Sends clients elsewhere. */
export const redirectRoute: RouteBuilder<RedirectRoute> = ({ path, redirect }) => {
  const { to, status, query } = redirectSettingsOf(redirect);
  const target = parseRedirect(to);
  if (!('parts' in target)) throw new TypeError(`redirect.to must be ${target.expected}`);
  const before = segmentsBeforeRest(path) ?? Number.POSITIVE_INFINITY;
  return {
    handler: (c) => {
      const asked = pathAndQuery(c.req.raw.url);
      const location = redirectLocation(target, {
        parameter: (name) => c.req.param(name),
        rest: restOf(asked.path, before),
        query: query === 'keep' ? asked.query : '',
      });
      // Without a length HTTP/1.1 would send an empty body in chunks.
      return new Response(null, { status, headers: { location, 'content-length': '0' } });
    },
  };
};
