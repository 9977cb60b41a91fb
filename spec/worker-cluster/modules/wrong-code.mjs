export const apps = { greeter: 'no app' };
