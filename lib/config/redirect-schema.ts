import * as v from 'valibot';
import { redirectDefaults } from './redirect-config.ts';
import { parseRedirect } from './redirect-target.ts';
import { parametersOf, segmentsBeforeRest } from './route-rest.ts';
import { type Check, shape } from './shape.ts';
import { shortForm } from './short-form.ts';
import { wording } from './wording.ts';

const to = v.pipe(
  v.string(wording("a path that starts with '/', or an http or https URL")),
  v.metadata({
    description: "Where to: a path or a URL, with ':name' for a parameter of the path and '*' for what its '*' took.",
    pattern: '^(/|[hH][tT][tT][pP][sS]?://)',
    examples: ['/new', '/users/:id', 'https://example.com/*'],
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const result = dataset.typed ? parseRedirect(dataset.value) : undefined;
    if (result === undefined || 'parts' in result) return;
    addIssue({ message: wording(result.expected, result.message, result.hint) });
  }),
);

const settings = shape('a redirect', {
  to,
  status: v.optional(
    v.pipe(
      v.picklist([301, 302, 303, 307, 308], wording('301, 302, 303, 307 or 308')),
      v.metadata({
        description: 'HTTP status: 307 and 308 keep the method, 301 and 308 are remembered by clients.',
        default: redirectDefaults.status,
      }),
    ),
  ),
  query: v.optional(
    v.pipe(
      v.picklist(['keep', 'drop'], wording("'keep' or 'drop'")),
      v.metadata({ description: 'Whether the query of the request goes along.', default: redirectDefaults.query }),
    ),
  ),
});

/** Where clients are sent: a target alone, or an object that says more. */
export const redirectSchema = v.pipe(
  shortForm(to, settings, wording("a path that starts with '/', an http or https URL, or an object")),
  v.metadata({ description: 'Where clients are sent.' }),
);

const isTarget = (value: unknown): value is { readonly to: unknown } =>
  typeof value === 'object' && value !== null && 'to' in value;

/** Refuses a redirect that carries over what the path of its route does not have. */
export const carriesWhatIsThere: Check = (route, report) => {
  const { path, redirect } = route;
  const target = isTarget(redirect) ? redirect.to : redirect;
  if (typeof path !== 'string' || typeof target !== 'string') return;
  const result = parseRedirect(target);
  if (!('parts' in result)) return;
  const where = isTarget(redirect) ? ['redirect', 'to'] : ['redirect'];
  const known = parametersOf(path);
  for (const part of result.parts) {
    if (typeof part === 'string') continue;
    if ('rest' in part) {
      if (segmentsBeforeRest(path) !== undefined) continue;
      const hint = "end the path with '/*', without a parameter in braces before it";
      report(where, target, wording("a target without '*'", "has a '*' that the path does not have", hint));
    } else if (!known.includes(part.parameter)) {
      const names = known.map((name) => `':${name}'`).join(', ');
      const message = `has a parameter ':${part.parameter}' that the path does not have`;
      report(where, target, wording(`a target with ${names === '' ? 'no parameter' : names}`, message));
    }
  }
};
