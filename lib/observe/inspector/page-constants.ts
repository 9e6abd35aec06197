// What the server and its page have to agree on. It imports nothing, since it is a part of both.

/** Shown in the place of what is not. */
export const REDACTED = '[redacted]'

/** Characters of a text that may be asked for: an address must not be too long for a server, in any alphabet. */
export const LONGEST_QUERY = 1_000
