/** What servers are looked for by. */
export type PoolField = 'name' | 'bind' | 'expose';
