/** Statuses that go without a body (RFC 9110 §6.4.1, §15.3.6). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
