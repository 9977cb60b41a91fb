import type { App, FetchFunction } from '../config/server-config.ts';
import { fetchOf } from './http/app.ts';

/**
 * What answers requests in the name of an app that is put into servers which serve already: readied for its first
 * request, and its errors are those of the server that was asked.
 */
export const readyApp = (app: App): FetchFunction => fetchOf(app, true);
