const isClosable = (value: object): value is { close(): unknown } =>
  'close' in value && typeof value.close === 'function';

const isDestroyable = (value: object): value is { destroy(): unknown } =>
  'destroy' in value && typeof value.destroy === 'function';

/** Closes a socket or listening handle that came over IPC and that nobody takes: it would be open for ever. */
export const discardHandle = (handle: unknown): void => {
  if (typeof handle !== 'object' || handle === null) return;
  if (isDestroyable(handle)) handle.destroy();
  else if (isClosable(handle)) handle.close();
};
