/** Apps by the text they answer with: what a config that is data can name. */
import { Hono } from 'hono';

/** More than a bench asks for. */
const VERSIONS = 2000;

const appOf = (body: string): Hono => new Hono().get('/', (c) => c.text(body));

export const apps = Object.fromEntries(Array.from({ length: VERSIONS }, (_, n) => [`v${n}`, appOf(`v${n}`)]));
