/** What another process wants from the one that has the file. */
export type ChangeRequest =
  | { readonly action: 'replay' | 'discard', readonly ids: readonly string[], readonly all: boolean }
  | { readonly action: 'forget', readonly lane: string }

/** How many events it were, or why it could not be done. */
export interface ChangeResult {
  request: number
  count?: number
  error?: string
}
