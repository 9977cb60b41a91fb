export default { fetch: () => new Response('from a module') };
export const other = () => new Response('another export');
