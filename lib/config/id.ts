/** What the id of a server is made of. */
export const ID = /^[\w.-]{1,64}$/;
