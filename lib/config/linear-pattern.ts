/**
 * Says whether matching a regular expression against a whole text takes time in proportion to the text.
 *
 * A backtracking matcher is slow when it can divide the same characters between several repetitions in many ways. The
 * rule here is stricter than that and easy to check: only single characters repeat, a repetition ends at a character
 * that it cannot take itself, and nothing repeats any more after one whose end is not that clear. `(a+)+`, `(a|a)*` and
 * `.*x.*` are refused; `[0-9]+`, `[a-z]+-[0-9]+`, `.+\.png` and `(?:jpg|png)` are not.
 *
 * @param source - a valid regular expression without anchors.
 * @returns what is wrong, or `undefined`.
 */
export const linearProblem = (source: string): string | undefined => {
  const nodes = read(source);
  if (typeof nodes === 'string') return nodes;
  const budget: Budget = { ways: 1, isSpent: false };
  spend(nodes, END, false, budget);
  if (budget.isSpent) return 'has a repetition whose end is not clear, and another one after it';
  return budget.ways > MOST_WAYS ? 'has too many alternatives and optional parts' : undefined;
};

/** Ways to choose among alternatives and optional parts, multiplied: each may cost one more pass over the text. */
const MOST_WAYS = 64;

/** A character class, an escape or a literal; `least` and `most` say how often it stands there. */
interface Atom {
  readonly type: 'atom';
  readonly source: string;
  /** The character, when it is a plain one. */
  readonly literal: string | undefined;
  readonly least: number;
  readonly most: number;
}
interface Group {
  readonly type: 'group';
  readonly alternatives: readonly (readonly Node[])[];
  readonly optional: boolean;
}
type Node = Atom | Group;

/** What follows a part: a node, the end of the text, or something that depends. */
const END = Symbol('end');
type Follower = Node | typeof END | undefined;

interface Budget {
  /** How many ways there are to choose, so far. */
  ways: number;
  /** A repetition came after one whose end is not clear: each of its many ends would start the later one again. */
  isSpent: boolean;
}

/** Adds up what matching the nodes may cost; says whether a repetition before what follows them has no clear end. */
const spend = (nodes: readonly Node[], after: Follower, unclear: boolean, budget: Budget): boolean => {
  let isUnclear = unclear;
  for (const [index, node] of nodes.entries()) {
    const follower = nodes[index + 1] ?? after;
    if (node.type === 'group') {
      budget.ways *= node.alternatives.length + (node.optional ? 1 : 0);
      const before = isUnclear;
      for (const alternative of node.alternatives) {
        isUnclear = spend(alternative, follower, before, budget) || isUnclear;
      }
    } else if (node.most === Number.POSITIVE_INFINITY) {
      budget.isSpent ||= isUnclear;
      isUnclear = !endsBefore(node, follower);
    } else if (node.least !== node.most && !endsBefore(node, follower)) {
      budget.ways *= node.most - node.least + 1;
    }
  }
  return isUnclear;
};

/** Whether a repetition can only end where what follows begins. */
const endsBefore = (atom: Atom, follower: Follower): boolean => {
  if (follower === END) return true;
  if (follower?.type !== 'atom' || follower.literal === undefined || follower.least === 0) return false;
  return !new RegExp(`^${atom.source}$`).test(follower.literal);
};

/** The parts of an expression, or what it holds that has no place in a path. */
const read = (source: string): readonly Node[] | string => {
  const open: { alternatives: Node[][] }[] = [{ alternatives: [[]] }];
  const token = /\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|[<:]))?|[)|]|./gisy;
  while (token.lastIndex < source.length) {
    const text = token.exec(source)?.[0] ?? '';
    const top = open.at(-1);
    const sequence = top?.alternatives.at(-1);
    if (top === undefined || sequence === undefined || text === '') return 'has parentheses that do not match';
    if (text === '|') {
      top.alternatives.push([]);
    } else if (text === '(' || text === '(?:') {
      open.push({ alternatives: [[]] });
    } else if (text.startsWith('(')) {
      return 'has a group that looks ahead, looks behind or has a name';
    } else if (/^\\[1-9kbB]$/.test(text)) {
      return 'refers back to a group or to the edge of a word';
    } else {
      const { least, most, length } = quantifierAt(source, token.lastIndex);
      token.lastIndex += length;
      if (text === ')') {
        if (most > 1 || (least === 0 && most === 0)) return 'repeats a group';
        open.pop();
        open
          .at(-1)
          ?.alternatives.at(-1)
          ?.push({ type: 'group', alternatives: top.alternatives, optional: least === 0 });
      } else if (text !== '^' && text !== '$') {
        const literal = literalOf(text);
        sequence.push({ type: 'atom', source: text, literal, least, most });
      }
    }
  }
  const [root, ...unclosed] = open;
  if (root === undefined || unclosed.length > 0) return 'has parentheses that do not match';
  const [only, ...others] = root.alternatives;
  return others.length === 0 ? (only ?? []) : [{ type: 'group', alternatives: root.alternatives, optional: false }];
};

/** A plain character, or an escaped one that stands for itself. */
const literalOf = (text: string): string | undefined => {
  if (/^\\[^\w]$/.test(text)) return text.slice(1);
  return text.length === 1 && text !== '.' ? text : undefined;
};

const quantifierAt = (
  source: string,
  at: number,
): { readonly least: number; readonly most: number; readonly length: number } => {
  const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(source.slice(at, at + 32));
  if (found === null) return { least: 1, most: 1, length: 0 };
  const [{ length }, sign, low, comma, high] = found;
  if (sign !== undefined) {
    return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY, length };
  }
  const least = Number(low);
  const most = comma === undefined ? least : high === '' ? Number.POSITIVE_INFINITY : Number(high);
  return { least, most, length };
};
