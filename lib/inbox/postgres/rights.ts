/** The SQLSTATE of a right that the role does not have. */
export const NOT_ALLOWED = '42501'

/** What every process needs, after the server's own message. */
export const READS_AND_WRITES = '. The role needs USAGE of the schema and its sequence, and SELECT, INSERT, UPDATE and DELETE on its tables'
