import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';

/** A scheduler whose frames are compared by vitest, so that a mismatch is shown as a diff. */
export const marbles = (): TestScheduler =>
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
