import { dependencyLevels, inStartOrder, inStopOrder } from '../config/dependency-order.ts';
import type { Member } from './member.ts';

const idOf = ({ spec }: Member): string => spec.id;

const NO_LEVELS: ReadonlyMap<string, number> = new Map();

const levelsOf = (members: readonly Member[]): ReadonlyMap<string, number> =>
  members.some(({ spec }) => spec.dependsOn.length > 0)
    ? dependencyLevels(new Map(members.map(({ spec }) => [spec.id, spec])))
    : NO_LEVELS;

/** Each after those it depends on; at most one member of each id. */
export const membersInStartOrder = (members: readonly Member[]): readonly Member[] =>
  inStartOrder(members, levelsOf(members), idOf);

/** Each before those it depends on; at most one member of each id. */
export const membersInStopOrder = (members: readonly Member[]): readonly Member[] =>
  inStopOrder(members, levelsOf(members), idOf);

/** How many times somebody has to wait for somebody else until all of them have stopped, and once more. */
export const stagesOf = (members: readonly Member[]): number =>
  [...levelsOf(members).values()].reduce((most, level) => Math.max(most, level + 1), 1);
