import { Observable, type OperatorFunction } from 'rxjs';
import type { ClusterConfig } from '../config/server-config.ts';
import { ReactiveCluster } from './cluster.ts';
import type { ClusterOptions } from './options.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/**
 * Turns configurations into the servers they describe: a cluster as an operator.
 *
 * Cold. Subscribing starts a cluster of its own and subscribes to the source; every config is committed as by
 * `cluster.apply`, and a snapshot is emitted after every turn in which something changed. Never errors: a config that
 * fails is part of the next snapshot. When the source completes or errors the servers stay; with `stopOnComplete` they
 * drain after the source has completed, and the result completes.
 *
 * Unsubscribing is the axe: every address is free in the same turn and every connection is cut. To let requests
 * finish, complete the source and use `stopOnComplete`, or abort `signal`.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { httpCluster } from 'sluice';
 *
 * const running = of({ api: { listen: '127.0.0.1:0', app: () => new Response('hello') } })
 *   .pipe(httpCluster())
 *   .subscribe(({ servers }) => {
 *     if (servers.api === undefined) return;
 *     console.log(servers.api.state); // running
 *     running.unsubscribe();
 *   });
 * ```
 */
export const httpCluster =
  (options: ClusterOptions = {}): OperatorFunction<ClusterConfig, ClusterSnapshot> =>
  (config$) =>
    new Observable((subscriber) => {
      const cluster = new ReactiveCluster(options);
      subscriber.add(() => cluster.kill());
      subscriber.add(cluster.cluster$.subscribe(subscriber));
      // The first snapshot may have been all that was wanted.
      if (subscriber.closed) return;
      void cluster.start();
      subscriber.add(config$.subscribe(cluster.siphon));
    });
