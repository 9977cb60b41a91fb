/** Whether what was prepared in a round is put in force. */
export interface Switch {
  /** Fulfilled to switch, rejected to undo. */
  readonly made: Promise<void>;
  /** It is known already that nothing will come of it. */
  readonly isUndone: boolean;
}

/** Nothing comes of a round; never leaves the agent. */
class UndoneError extends Error {
  override readonly name = 'UndoneError';
}

interface Round extends Switch {
  isUndone: boolean;
  readonly settle: (word: 'switch' | 'abort') => void;
}

/** The rounds that the primary has not decided yet. What it says of others is of no interest. */
export class Switches {
  readonly #rounds = new Map<number, Round>();

  open(number: number): Switch {
    const known = this.#rounds.get(number);
    if (known !== undefined) return known;
    let settle: Round['settle'] = () => {};
    const made = new Promise<void>((resolve, reject) => {
      settle = (word) => {
        if (word === 'switch') resolve();
        else reject(new UndoneError('the primary undoes it'));
      };
    });
    // It may be undone before anybody waits for it.
    made.catch(() => {});
    const round: Round = { made, isUndone: false, settle: (word) => settle(word) };
    this.#rounds.set(number, round);
    return round;
  }

  decide(number: number, word: 'switch' | 'abort'): void {
    const round = this.#rounds.get(number);
    if (round === undefined) return;
    this.#rounds.delete(number);
    round.isUndone = word === 'abort';
    round.settle(word);
  }

  /** Nobody waits for the primary any more. */
  abandon(): void {
    for (const number of [...this.#rounds.keys()]) this.decide(number, 'abort');
  }
}
