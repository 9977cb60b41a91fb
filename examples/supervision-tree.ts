// A tree: a composite of feeds that follows a list, beside a cluster, each restarted as it should be.
import { BehaviorSubject, filter, firstValueFrom, map } from 'rxjs';
import { type Configurable, composite, createCluster } from 'sluice';

// #region main
interface Feed {
  readonly name: string;
  readonly url: string;
}

/** Anything with `start`, `stop` and `state$`; with `configure` it takes another config while it runs. */
const feed = ({ name, url }: Feed): Configurable & { fail(): void } => {
  const state$ = new BehaviorSubject('New');
  return {
    state$,
    start: () => {
      console.log(`${name} reads ${url}`);
      state$.next('Running');
    },
    stop: () => state$.next('Stopped'),
    configure: (config) => console.log(`${name} is told`, config),
    fail: () => state$.next('Error'),
  };
};

const made = new Map<string, ReturnType<typeof feed>>();
const list$ = new BehaviorSubject<readonly Feed[]>([
  { name: 'news', url: 'https://example.com/news' },
  { name: 'weather', url: 'https://example.com/weather' },
]);
const members$ = list$.pipe(
  map((list) =>
    list.map((config) => ({
      name: config.name,
      config,
      // Called for every attempt to start it, so that each is a fresh one.
      runnable: () => {
        const one = feed(config);
        made.set(config.name, one);
        return one;
      },
    })),
  ),
);

const feeds = composite(members$, { name: 'feeds', restart: { initialMs: 20 } });
const web = createCluster({ name: 'web' });
web.siphon.next({ api: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'hello' } }] } });

// The cluster rests on the feeds: when they are started again, so is it.
const tree = composite(
  [
    { name: 'feeds', runnable: feeds },
    { name: 'web', runnable: web },
  ],
  { name: 'tree', strategy: 'rest-for-one' },
);
await tree.start();
console.log(tree.childStates, feeds.childStates);

// A feed that fails is started again; nobody else notices.
made.get('news')?.fail();
const again = feeds.children$.pipe(filter(({ news }) => news?.phase === 'running' && news.restarts === 1));
console.log((await firstValueFrom(again)).news?.error?.message);

// The list changes: one is told its new config, one is new, one has left.
feeds.outcomes$.subscribe(console.log);
list$.next([
  { name: 'news', url: 'https://example.org/news' },
  { name: 'sports', url: 'https://example.com/sports' },
]);
await tree.stop();
// #endregion

// prints:
// news reads https://example.com/news
// weather reads https://example.com/weather
// { feeds: 'Running', web: 'Running' } { news: 'Running', weather: 'Running' }
// news reads https://example.com/news
// runnable news failed
// sports reads https://example.com/sports
// news is told { name: 'news', url: 'https://example.org/news' }
// {
//   status: 'committed',
//   revision: 2,
//   started: [ 'sports' ],
//   stopped: [ 'weather' ],
//   reloaded: [ 'news' ],
//   failed: [],
//   abandoned: []
// }
