export const greeting = 'hello' satisfies string;
