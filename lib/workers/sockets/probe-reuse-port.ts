import { createServer } from 'node:net';
import { map, Observable, of, switchMap } from 'rxjs';

/** Node 20 does not know the option and takes no notice of it, and some systems refuse it. */
const listen = (port: number): Observable<number | undefined> =>
  new Observable((subscriber) => {
    const server = createServer();
    server.on('error', () => subscriber.next(undefined));
    server.on('listening', () => {
      const bound = server.address();
      subscriber.next(typeof bound === 'object' ? bound?.port : undefined);
    });
    subscriber.add(() => server.close());
    const options = { host: '127.0.0.1', port, exclusive: true, reusePort: true };
    server.listen(options);
  });

/**
 * Whether two sockets of this Node on this system can listen on one port: listens twice on a free one, and tells. Emits
 * once it is known; unsubscribing closes both. Never errors.
 */
export const probeReusePort: Observable<boolean> = listen(0).pipe(
  switchMap((port) => (port === undefined ? of(false) : listen(port).pipe(map((again) => again === port)))),
);
