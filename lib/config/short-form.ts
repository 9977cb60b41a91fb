import * as v from 'valibot';

/**
 * Either a text alone or an object that says more. Each is told what is wrong with it in its own words; a plain union
 * would only say that neither fits.
 *
 * @param text - a packed wording for what is neither.
 */
export const shortForm = <
  Short extends v.GenericSchema<string, unknown>,
  Long extends v.GenericSchema<unknown, unknown>,
>(
  short: Short,
  long: Long,
  text: string,
) => {
  const either = v.union([short, long], text);
  const schema: typeof either = {
    ...either,
    '~run': (dataset, config) => {
      const { value } = dataset;
      if (typeof value === 'string') return short['~run']({ typed: false, value }, config);
      if (typeof value === 'object' && value !== null) return long['~run']({ typed: false, value }, config);
      return either['~run'](dataset, config);
    },
  };
  return schema;
};
