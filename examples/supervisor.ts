// A cluster and something else under one supervisor: started in order, stopped in reverse.
import { BehaviorSubject } from 'rxjs';
import { createCluster, createSupervisor, type Runnable } from 'sluice';

// #region main
/** Anything with `start`, `stop` and `state$` can be supervised. */
class Database implements Runnable {
  readonly name = 'database';
  readonly state$ = new BehaviorSubject('New');
  async start() {
    this.state$.next('Running');
  }
  async stop() {
    this.state$.next('Stopped');
  }
}

const cluster = createCluster({ name: 'web' });
cluster.siphon.next({ api: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'hello' } }] } });

// In a program of its own: `await supervise([new Database(), cluster], { signals: true })` runs until SIGTERM or ctrl-C.
const supervisor = createSupervisor([new Database(), cluster]);
supervisor.states$.subscribe((states) => console.log(states));
await supervisor.start();
console.log(await (await fetch(cluster.snapshot.servers.api?.url ?? '')).text());
await supervisor.stop();
// #endregion

// prints:
// { database: 'New' }
// { database: 'New', web: 'New' }
// { database: 'Running', web: 'New' }
// { database: 'Running', web: 'Booting' }
// { database: 'Running', web: 'Running' }
// hello
// { database: 'Running', web: 'Stopping' }
// { database: 'Running', web: 'Stopped' }
// { database: 'Stopped', web: 'Stopped' }
