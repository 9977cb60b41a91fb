import { Hono } from 'hono';

/** What is exposed, as text. */
export interface Exposition {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** The app that answers scrapes at `/` and `/metrics`, wherever it is mounted. */
export const metricsApp = (exposition: Exposition): Hono => {
  const app = new Hono();
  app.on('GET', ['/', '/metrics'], async (c) =>
    c.body(await exposition.metrics(), 200, {
      'content-type': exposition.contentType,
      'cache-control': 'no-store',
    }),
  );
  return app;
};
