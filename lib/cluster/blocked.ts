import { BindError } from '../listener/errors.ts';

/** What the system says when somebody else has the address; here it would say nothing, because that is one of ours. */
export const blocked = (address: string, holder: string): BindError => {
  const cause = Object.assign(new Error(`server ${holder} runs on this port and asks for a free one`), {
    code: 'EADDRINUSE',
  });
  return new BindError(address, { cause });
};
