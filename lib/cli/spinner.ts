import yoctoSpinner from 'yocto-spinner';
import type { Console } from './console.ts';

/**
 * Does something that may take long under a spinner, which is gone afterwards. Only where somebody looks: on a terminal
 * that can be drawn on again, and not beside JSON.
 */
export const underSpinner = async <T>(
  { terminal }: Console,
  text: string,
  json: boolean,
  work: () => Promise<T>,
): Promise<T> => {
  if (json || terminal === undefined || process.stderr.isTTY !== true) return work();
  const spinner = yoctoSpinner({ text, stream: process.stderr }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
};
