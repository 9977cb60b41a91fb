import { join, posix, resolve } from 'node:path';
import type { Context, Handler } from 'hono';
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from 'hono/utils/compress';
import { getMimeType } from 'hono/utils/mime';
import { defer, from, map } from 'rxjs';
import { type FilesSettings, filesSettingsOf } from '../../config/files-config.ts';
import { segmentsBeforeRest } from '../../config/route-rest.ts';
import type { FilesRoute } from '../../config/server-config.ts';
import { FilesRootError } from '../errors.ts';
import { bindingsOf } from '../http/bindings.ts';
import type { RouteBuilder } from '../route.ts';
import { pathAndQuery, restOf } from '../url-path.ts';
import { acceptedEncodings, ENCODING_SUFFIXES, type Encoding } from './accept-encoding.ts';
import { rangeOf } from './byte-range.ts';
import { bodyOf } from './file-body.ts';
import { Jail, type OpenFile } from './jail.ts';
import { namesIn } from './names.ts';
import { precondition, rangeHolds, validatorsOf } from './validators.ts';

const UNKNOWN_TYPE = 'application/octet-stream';

/** A file that answers a request, and how it is labelled. */
interface Found {
  readonly file: OpenFile;
  readonly type: string;
  readonly encoding: Encoding | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a path stands for: a file, a directory that has to be asked for with a slash at the end, or nothing. */
type Looked = OpenFile | 'slash' | undefined;

class Files {
  readonly #jail: Jail;
  readonly #settings: FilesSettings;

  constructor(jail: Jail, settings: FilesSettings) {
    this.#jail = jail;
    this.#settings = settings;
  }

  /** The file behind a path, with the path of the file itself: an index has another than its directory. */
  async look(path: string, asDirectory: boolean): Promise<{ readonly path: string; readonly file: Looked }> {
    const file = await this.#jail.open(path);
    if (file !== 'directory') {
      if (!asDirectory || file === undefined) return { path, file };
      file.close();
      return { path, file: undefined };
    }
    const { index } = this.#settings;
    if (index === false) return { path, file: undefined };
    const indexPath = posix.join(path, index);
    const found = await this.#jail.open(indexPath);
    if (found === undefined || found === 'directory') return { path, file: undefined };
    if (asDirectory) return { path: indexPath, file: found };
    found.close();
    return { path, file: 'slash' };
  }

  /** Labels a file, or takes a compressed one in its place. */
  async pick(path: string, file: OpenFile, accepted: string | undefined): Promise<Found> {
    const type = getMimeType(path) ?? UNKNOWN_TYPE;
    const { precompressed, cacheControl } = this.#settings;
    const headers = {
      'x-content-type-options': 'nosniff',
      ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    };
    if (!precompressed || !COMPRESSIBLE_CONTENT_TYPE_REGEX.test(type)) {
      return { file, type, encoding: undefined, headers };
    }
    const varied = { ...headers, vary: 'Accept-Encoding' };
    try {
      for (const encoding of acceptedEncodings(accepted)) {
        const compressed = await this.#jail.open(path + ENCODING_SUFFIXES[encoding]);
        if (compressed === undefined || compressed === 'directory') continue;
        file.close();
        return { file: compressed, type, encoding, headers: varied };
      }
    } catch (error) {
      file.close();
      throw error;
    }
    return { file, type, encoding: undefined, headers: varied };
  }
}

/** Sends a file, or the part of it that is asked for, or says that the client has it. Closes it in every case. */
const send = async (c: Context, { file, type, encoding, headers }: Found): Promise<Response> => {
  const outgoing = bindingsOf(c.env)?.outgoing;
  // Whatever becomes of the answer, its end is the end of the file: middleware may have thrown the body away.
  outgoing?.once('close', () => file.close());
  if (outgoing?.moot) {
    // It has ended already.
    file.close();
    return c.newResponse(null, 200);
  }
  const validators = validatorsOf(file.size, file.mtimeNs, encoding ?? '', Date.now());
  const known = {
    ...headers,
    etag: validators.etag,
    'last-modified': new Date(validators.modifiedMs).toUTCString(),
  };
  const header = (name: string): string | undefined => c.req.header(name);
  const verdict = precondition(header, validators);
  if (verdict !== 200) {
    file.close();
    return c.newResponse(null, verdict, known);
  }
  const whole = {
    ...known,
    'accept-ranges': 'bytes',
    'content-type': type,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  };
  if (c.req.method === 'HEAD' || file.size === 0) {
    file.close();
    return c.newResponse(null, 200, { ...whole, 'content-length': String(file.size) });
  }
  const range = rangeHolds(header('if-range'), validators) ? rangeOf(header('range'), file.size) : 'whole';
  if (range === 'unsatisfiable') {
    file.close();
    return c.newResponse(null, 416, { ...known, 'content-range': `bytes */${file.size}` });
  }
  if (range === 'whole') {
    const body = await bodyOf(file, { start: 0, end: file.size - 1 });
    return c.newResponse(body, 200, { ...whole, 'content-length': String(file.size) });
  }
  const { start, end } = range;
  return c.newResponse(await bodyOf(file, range), 206, {
    ...whole,
    'content-length': String(end - start + 1),
    'content-range': `bytes ${start}-${end}/${file.size}`,
  });
};

/** Whether somebody looks at a page: programs, scripts and images do not ask for HTML by name. */
const wantsPage = (accept: string | undefined): boolean => /(?:^|[\s,])text\/html\b/i.test(accept ?? '');

const serving = (jail: Jail, settings: FilesSettings, before: number): Handler => {
  const files = new Files(jail, settings);
  const { fallback, missing, dotfiles } = settings;

  const lack: Handler = async (c, next) => {
    if (fallback !== undefined && wantsPage(c.req.header('accept'))) {
      const file = await jail.open(fallback);
      if (file !== undefined && file !== 'directory') {
        const page = await files.pick(fallback, file, c.req.header('accept-encoding'));
        const vary = ['Accept', page.headers.vary].filter(Boolean).join(', ');
        // The path may name a file as soon as the next version is there.
        return send(c, { ...page, headers: { ...page.headers, vary, 'cache-control': 'no-cache' } });
      }
    }
    return missing === 'next' ? next() : c.notFound();
  };

  return async (c, next) => {
    const { method } = c.req;
    if (method !== 'GET' && method !== 'HEAD') {
      return missing === 'next' ? next() : c.newResponse('Method Not Allowed', 405, { allow: 'GET, HEAD' });
    }
    const { path, query } = pathAndQuery(c.req.raw.url);
    const names = namesIn(restOf(path, before), dotfiles);
    if (names === undefined) return lack(c, next);
    const looked = await files.look(names.join('/'), path.endsWith('/'));
    if (looked.file === undefined) return lack(c, next);
    if (looked.file === 'slash') {
      return c.newResponse(null, 308, { location: `${path}/${query}`, 'content-length': '0' });
    }
    return send(c, await files.pick(looked.path, looked.file, c.req.header('accept-encoding')));
  };
};

/** Serves the files of a directory. Errors with a `FilesRootError` when there is nothing to be served. */
export const filesRoute: RouteBuilder<FilesRoute> = ({ path, files }, { baseDir }) => {
  const settings = filesSettingsOf(files);
  const root = resolve(baseDir, settings.root);
  const prepare = async (): Promise<Jail> => {
    const jail = await Jail.at(root);
    if (settings.fallback === undefined) return jail;
    const fallback = await jail.open(settings.fallback);
    if (fallback === undefined || fallback === 'directory') {
      throw new FilesRootError(root, `it has no file ${join(settings.fallback)} to fall back to`);
    }
    fallback.close();
    return jail;
  };
  const before = segmentsBeforeRest(path);
  if (before === undefined) throw new TypeError(`the path ${path} leaves nothing over that could name a file`);
  return defer(() => from(prepare())).pipe(map((jail) => ({ handler: serving(jail, settings, before) })));
};
