import { Observable } from 'rxjs';

/**
 * The signals this process is sent, by name.
 *
 * Shape: hot, never completes. Subscribing installs one handler per name, which also keeps Node from its default for
 * that signal (ending the process); unsubscribing removes them and the default is back.
 */
export const signals$ = <S extends NodeJS.Signals>(names: readonly S[]): Observable<S> =>
  new Observable((subscriber) => {
    for (const name of names) {
      const onSignal = (): void => subscriber.next(name);
      subscriber.add(() => process.off(name, onSignal));
      process.on(name, onSignal);
    }
  });
