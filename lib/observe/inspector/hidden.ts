/** Not for the document that @fastify/swagger makes of an app's routes. */
export const hidden: object = { hide: true }
