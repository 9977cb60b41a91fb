import { watch as watchDirectory } from 'node:fs';
import { basename } from 'node:path';
import { auditTime, catchError, debounceTime, interval, map, merge, Observable, share } from 'rxjs';
import { type Waypoint, waypointsOf } from './waypoints.ts';

/** Milliseconds without a further change before a file is read: an editor writes, truncates and renames in a burst. */
export const QUIET_MS = 50;

/** Milliseconds after which a file that never falls quiet is read all the same. */
const PATIENCE_MS = 1_000;

/** Milliseconds between two looks at a directory that the system cannot watch. */
const POLL_MS = 1_000;

/**
 * Says when any of these files may have changed, has appeared or has gone.
 *
 * Cold: subscribing opens one watch per directory involved, unsubscribing closes them all. Each new list of paths
 * replaces the one before; watches both have in common stay open. It emits after 50 ms of quiet, and once a second
 * while there is none. It emits too often rather than too seldom (a touched file, a link that moved and came back):
 * comparing contents is up to the reader. It never errors: a directory that cannot be watched (no inotify watches
 * left, a network file system) is looked at every second instead.
 */
export const watchFiles = (paths$: Observable<readonly string[]>): Observable<void> => {
  const stirred$ = new Observable<void>((subscriber) => {
    const watches = new Map<string, { close(): void; names: ReadonlySet<string> }>();
    const stir = (): void => subscriber.next();
    subscriber.add(() => {
      for (const watch of watches.values()) watch.close();
    });
    const follow = (waypoints: readonly Waypoint[]): void => {
      const wanted = new Map(waypoints.map((waypoint) => [`${waypoint.identity} ${waypoint.directory}`, waypoint]));
      for (const [key, watch] of watches) {
        if (wanted.has(key)) continue;
        watch.close();
        watches.delete(key);
      }
      let opened = false;
      for (const [key, { directory, names }] of wanted) {
        const watch = watches.get(key);
        if (watch !== undefined) {
          watch.names = names;
          continue;
        }
        const entry = { names, close: (): void => subscription.unsubscribe() };
        const subscription = directoryChanges(directory).subscribe((name) => {
          if (name === undefined || entry.names.has(name)) stir();
        });
        watches.set(key, entry);
        opened = true;
      }
      // What happened between the last look and this watch was seen by nobody.
      if (opened) stir();
    };
    subscriber.add(paths$.subscribe((paths) => follow(waypointsOf(paths))));
  }).pipe(share());
  return merge(stirred$.pipe(debounceTime(QUIET_MS)), stirred$.pipe(auditTime(PATIENCE_MS)));
};

/** Names of the entries of a directory that changed; `undefined` when it could be any of them, or the directory. */
const directoryChanges = (directory: string): Observable<string | undefined> => {
  const self = basename(directory);
  return new Observable<string | undefined>((subscriber) => {
    const watcher = watchDirectory(directory, (_, name) =>
      subscriber.next(name === self ? undefined : (name ?? undefined)),
    );
    watcher.on('error', (cause) => subscriber.error(cause));
    subscriber.add(() => watcher.close());
  }).pipe(catchError(() => interval(POLL_MS).pipe(map(() => undefined))));
};
