import { expect, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import { assertOptions, assertOptionsIfAny } from '../../lib/config/known-options.ts';

test('an option that there is not is refused by name, with the one that was probably meant', () => {
  expect(() => assertOptions({ name: 1, port: 2 }, ['name', 'port'])).not.toThrow();
  expect(() => assertOptions({ handlers: 1 }, ['name', 'handler'])).toThrow(
    expect.objectContaining({
      name: OptionsError.name,
      code: 'ERR_OPTIONS',
      option: 'handlers',
      message: 'handlers is no option; did you mean handler?',
    }),
  );
  expect(() => assertOptions({ colour: 1 }, ['name', 'port'])).toThrow('colour is no option; there are name, port');
});

test('what is no record has no options, which is refused unless it may be anything', () => {
  for (const given of [null, undefined, 'SIGTERM', 7]) {
    expect(() => assertOptions(given, [])).toThrow('options must be an object');
    expect(() => assertOptionsIfAny(given, [])).not.toThrow();
  }
  expect(() => assertOptionsIfAny({ a: 1 }, [])).toThrow(OptionsError);
});

test('the beginning of a name, and a word of others for the same, are recognised', () => {
  const known = ['count', 'maxMemoryBytes', 'port'];
  expect(() => assertOptions({ maxMemory: 1 }, known)).toThrow('did you mean maxMemoryBytes?');
  expect(() => assertOptions({ instances: 1 }, known)).toThrow('did you mean count?');
  expect(() => assertOptions({ instances: 1 }, ['port'])).toThrow('there are port');
  expect(() => assertOptions({ constructor: 1 }, known)).toThrow('there are count');
});
