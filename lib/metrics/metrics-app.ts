import { Hono } from 'hono';

/** What is exposed, as text. */
export interface Exposition {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What is exposed, and where it is scraped. */
export interface Scraped extends Exposition {
  /** Answers `GET /` and `GET /metrics`: the `app` of a server that nobody else reaches, or mounted in another one. */
  readonly app: Hono;
}

/** What is left of `/internal/` in an app that is mounted at `/internal`; its `/` is `/internal` alone. */
const SLASH = '/:end{$}';

/** The app that answers scrapes at `/` and `/metrics`, wherever it is mounted. */
export const metricsApp = (exposition: Exposition): Hono => {
  const app = new Hono();
  app.on('GET', ['/', SLASH, '/metrics'], async (c) =>
    c.body(await exposition.metrics(), 200, {
      'content-type': exposition.contentType,
      'cache-control': 'no-store',
    }),
  );
  return app;
};
