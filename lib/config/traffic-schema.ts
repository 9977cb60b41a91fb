import * as v from 'valibot';
import { wording } from './wording.ts';

const isFlag = wording('true or false');

const line = v.pipe(
  v.string(wording('a text')),
  v.check((text) => text !== '' && text.length <= 256, wording('a text of 1 to 256 characters')),
);

/** What a server says of connections and of its log, beside its limits. */
export const trafficMembers = {
  keepAlive: v.optional(
    v.pipe(
      v.boolean(isFlag),
      v.metadata({ description: 'Connections may be used for more than one request.', default: true }),
    ),
  ),
  logFilter: v.optional(
    v.pipe(
      v.array(line, wording('an array of texts')),
      v.maxLength(100, wording('at most 100 texts')),
      v.metadata({
        description: 'Lines of the log about its requests and connections that contain one of these are left out.',
        examples: [['the client has left']],
      }),
    ),
  ),
};
