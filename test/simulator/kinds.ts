import type { InboxKind } from './kind.ts'

/** The inboxes that can be simulated. */
export const kinds = {
  memory: async (): Promise<InboxKind> => (await import('./memory/kind.ts')).memory,
  sqlite: async (): Promise<InboxKind> => (await import('./sqlite/kind.ts')).sqlite,
  postgres: async (): Promise<InboxKind> => (await import('./postgres/kind.ts')).postgres,
  /** With listeners that complete events in transactions of the app. */
  'postgres-complete-in': async (): Promise<InboxKind> => (await import('./postgres/kind.ts')).postgresCompleteIn,
  /** With collectors beside listeners. */
  'sqlite-collect': async (): Promise<InboxKind> => (await import('./sqlite/kind.ts')).sqliteCollect,
  'postgres-collect': async (): Promise<InboxKind> => (await import('./postgres/kind.ts')).postgresCollect,
  /** With the real store beside its model: a hundredth as fast. */
  'sqlite-store': async (): Promise<InboxKind> => (await import('./sqlite/both-stores.ts')).sqliteStore,
  'sqlite-collect-store': async (): Promise<InboxKind> => (await import('./sqlite/both-stores.ts')).sqliteCollectStore
}

export type InboxName = keyof typeof kinds

export function isInboxName (name: string): name is InboxName {
  return Object.hasOwn(kinds, name)
}
