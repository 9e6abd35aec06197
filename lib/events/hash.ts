import crypto from 'node:crypto'

/** Not imported by its name: a Node.js that has no such export would fail before it can be told that it is too old. */
export const { hash } = crypto
