import { expect, test } from 'vitest';
import { States } from '../../lib/cluster/states.ts';

test('begins with New and tells every state in order, the latest to latecomers, and completes', () => {
  const states = new States();
  const [early, late]: [string[], string[]] = [[], []];
  let completed = 0;
  const complete = (): void => {
    completed += 1;
  };
  states.state$.subscribe({ next: (state) => early.push(state), complete });
  states.enter('Booting');
  states.state$.subscribe({ next: (state) => late.push(state), complete });
  states.enter('Running');
  states.complete();
  expect(states.current).toBe('Running');
  expect(early).toEqual(['New', 'Booting', 'Running']);
  expect(late).toEqual(['Booting', 'Running']);
  expect(completed).toBe(2);
});

test('a state that does not follow is refused and told to nobody', () => {
  const states = new States();
  const told: string[] = [];
  states.state$.subscribe((state) => told.push(state));
  expect(() => states.enter('Running')).toThrow('a cluster does not go from New to Running');
  expect(states.current).toBe('New');
  expect(told).toEqual(['New']);
});

test('a subscriber that brings about the next state while it is told shows nobody the reverse', () => {
  const states = new States();
  const told: string[] = [];
  states.state$.subscribe((state) => {
    if (state === 'Booting') states.enter('Running');
  });
  states.state$.subscribe((state) => told.push(state));
  states.enter('Booting');
  expect(told).toEqual(['New', 'Booting', 'Running']);
});
