// Two servers exchange their addresses in one turn: no socket closes, no request is lost in between.
import { createCluster } from 'sluice';

// #region main
const page = (body: string) => [{ path: '/', respond: { body } }];
const cluster = createCluster();
await cluster.start();
await cluster.apply({
  blue: { listen: '127.0.0.1:0', routes: page('blue') },
  green: { listen: '127.0.0.1:0', routes: page('green') },
});
const addressOf = (id: string) => cluster.snapshot.servers[id]?.address ?? '';
const left = addressOf('blue');
const right = addressOf('green');
const ask = async (address: string) => (await fetch(`http://${address}`)).text();
console.log(await ask(left), await ask(right));

const exchanged = {
  blue: { listen: right, routes: page('blue') },
  green: { listen: left, routes: page('green') },
};
const plan = cluster.plan(exchanged);
console.log(plan.changes.map(({ server, action }) => `${server}: ${action}`).join(', '));
console.log(`to bind: ${plan.bind.length}, to release: ${plan.release.length}`);

await cluster.apply(exchanged);
console.log(await ask(left), await ask(right));
// #endregion

await cluster.stop();

// prints:
// blue green
// blue: move, green: move
// to bind: 0, to release: 0
// green blue
