/** A statement of SQL, with its values: `$1` stands for the first one. */
export interface SqlStatement {
  readonly sql: string
  readonly values: readonly string[]
  /** What it means that the statement has failed so; undefined if that is nothing of the inbox's. Whatever runs it may have wrapped the server's error. */
  refusalOf (thrown: unknown): Error | undefined
}
