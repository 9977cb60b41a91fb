export const apps = { greeter: () => new Response('by name') };
export const handlers = { hello: (c) => c.text('a handler') };
export const middleware = {
  marked: async (c, next) => {
    await next();
    c.header('x-marked', 'yes');
  },
};
