import { ReplaySubject } from 'rxjs';
import { vi } from 'vitest';
import { composite } from '../../lib/supervision/composite.ts';
import type { CompositeMember } from '../../lib/supervision/composite-member.ts';
import type { CompositeOptions } from '../../lib/supervision/composite-options.ts';
import type { CompositeOutcome } from '../../lib/supervision/composite-outcome.ts';
import { type Behaviour, FakeRunnable, listLogger } from './fake-runnable.ts';

export const oops = new Error('oops');

/** A composite called `apps` of fakes, by name; what they were asked, what was logged, states and outcomes. */
export const compositeScene = (
  behaviours: Readonly<Record<string, Behaviour>>,
  options: CompositeOptions = {},
  more: Readonly<Record<string, Omit<CompositeMember, 'name' | 'runnable'>>> = {},
) => {
  const events: string[] = [];
  const { logger, lines } = listLogger();
  const byName = new Map<string, FakeRunnable>();
  /** The fake of that name, made when it is first spoken of. */
  const get = (name: string): FakeRunnable => {
    const fake = byName.get(name) ?? new FakeRunnable(name, events, behaviours[name]);
    byName.set(name, fake);
    return fake;
  };
  const member = (name: string, also: Partial<CompositeMember> = {}): CompositeMember => ({
    name,
    runnable: get(name),
    ...more[name],
    ...also,
  });
  const members = new ReplaySubject<readonly CompositeMember[]>(1);
  members.next(Object.keys(behaviours).map((name) => member(name)));
  const one = composite(members, { name: 'apps', logger, ...options });
  const states: string[] = [];
  const completed = vi.fn();
  one.state$.subscribe({ next: (state) => states.push(state), complete: completed });
  const outcomes: CompositeOutcome[] = [];
  one.outcomes$.subscribe((outcome) => outcomes.push(outcome));
  return { one, members, member, get, events, lines, states, completed, outcomes };
};
