/** What a look at one thing has found. */
export interface Finding {
  /**
   * What was looked at: `node`, `files` (how many may be open, and those that a route serves), `permissions`, `control`,
   * `leftover`, `config`, `certificate`, `module`, `app`, `address`.
   */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found: lower case, no full stop. */
  readonly message: string;
  /** What to do about it; absent when all is well. */
  readonly hint?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message });
export const warn = (check: string, message: string, hint: string): Finding => ({
  check,
  status: 'warn',
  message,
  hint,
});
export const fail = (check: string, message: string, hint: string): Finding => ({
  check,
  status: 'fail',
  message,
  hint,
});
