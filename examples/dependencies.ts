// A server that depends on another one starts after it and stops before it.
import { distinctUntilChanged, map } from 'rxjs';
import { createCluster } from 'sluice';

// #region main
const cluster = createCluster();
await cluster.start();
const outcome = await cluster.apply({
  web: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'web' } }], dependsOn: ['api'] },
  api: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'api' } }] },
});
if (outcome.status === 'committed') console.log(outcome.plan.changes.map(({ server }) => server).join(', then '));

cluster.cluster$
  .pipe(
    map(({ servers }) => `api ${servers.api?.state}, web ${servers.web?.state}`),
    distinctUntilChanged(),
  )
  .subscribe(console.log);
await cluster.stop();
// #endregion

// prints:
// api, then web
// api running, web running
// api running, web draining
// api draining, web stopped
// api stopped, web stopped
